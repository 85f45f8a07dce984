"""Data cuts: what is frozen, how it is signed and checked, and what differs since."""
