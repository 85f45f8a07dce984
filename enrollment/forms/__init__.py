"""Forms of the room: field shape and cross-field checks; domain types come out."""
