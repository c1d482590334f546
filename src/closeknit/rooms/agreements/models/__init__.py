"""Tables of agreements, one file per subject."""

from closeknit.rooms.agreements.models.terms import Contract, TermRow

__all__ = [
    "Contract",
    "TermRow",
]
