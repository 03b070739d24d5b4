"""The policy service joined to the blacklist and to the bans of this host."""
