"""Pages of the room: scoped fetch, form, action, redirect."""
