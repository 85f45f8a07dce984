"""What may be given, when, and how much was: pure functions over the protocol, exact numbers."""
