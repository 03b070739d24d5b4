"""decide - Offences in, Bans out.  Pure: no clock, no store; now is handed in."""
