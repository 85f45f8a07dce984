"""What laboratory values mean: pure functions over the protocol, with exact numbers."""
