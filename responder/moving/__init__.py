"""moving - what other programs of this kind are set up to do, put into our settings and rules."""
