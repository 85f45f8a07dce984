"""Files of laboratories: judging their rows against the record, and how far an import is."""
