"""formats - bytes of a log into Records.  Pure; only lines that a rule may match come here."""
