"""store - the state store: what was seen, who is banned, how far each log was read."""
