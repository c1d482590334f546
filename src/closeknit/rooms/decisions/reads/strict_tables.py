"""Strict tables for the rooms above: read and asked. They hold no secret, so no permission is asked."""

from closeknit.rooms.decisions.compute.strict_table import ask_strict_table, read_strict_table, rows_of

__all__ = ["ask_strict_table", "read_strict_table", "rows_of"]
