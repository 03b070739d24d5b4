"""control - the daemon's Unix socket, and those who ask at it."""
