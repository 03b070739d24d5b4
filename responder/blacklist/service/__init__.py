"""The process between a daemon and the blacklist: what waits for the database, so that the daemon does not."""
