"""enforce - the firewall actor, alone in changing the kernel's rules, and the daemon's end of its socket."""
