"""notices - words to the administrator: by mail, to a web hook, through a program.  Knows nothing of the daemon."""
