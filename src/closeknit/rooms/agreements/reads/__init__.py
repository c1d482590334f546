"""Every question about what was promised, one file per subject."""

from closeknit.rooms.agreements.reads.terms import list_terms, terms_in_force

__all__ = [
    "list_terms",
    "terms_in_force",
]
