"""settings - the tables of responder.toml that are not the daemon's own, and what all tables are made of."""
