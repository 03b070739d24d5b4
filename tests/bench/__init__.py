"""bench - what responder costs, measured on this machine.  Figures, never assertions."""
