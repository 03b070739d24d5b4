"""cli - argv to exit status.  Each command loads only what it needs, when it runs."""
