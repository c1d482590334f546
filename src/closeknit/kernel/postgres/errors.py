"""What can go wrong with the embedded database, in words a person can act on."""

from __future__ import annotations


class DatabaseError(Exception):
    """The database could not be found, started or stopped; the text says what to do."""
