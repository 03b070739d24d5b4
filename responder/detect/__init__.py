"""detect - rule files and bytes in, Offences out.  Pure; the engine's judgement of a line lives here."""
