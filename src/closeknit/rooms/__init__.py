"""The rooms: one subject each, standing on a ladder (see ARCHITECTURE.md)."""
