"""enforce - the firewall actor, the only process that changes the kernel's rules, and the daemon's end of its socket."""
