"""Frame-accurate cutting that copies packets wherever that gives the same frames."""
