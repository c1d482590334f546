"""Every question about what was promised, one file per subject."""

from closeknit.rooms.agreements.reads.calendars import find_calendar, list_calendars
from closeknit.rooms.agreements.reads.contracts import get_contract, list_contracts
from closeknit.rooms.agreements.reads.terms import list_terms, terms_in_force

__all__ = [
    "find_calendar",
    "get_contract",
    "list_calendars",
    "list_contracts",
    "list_terms",
    "terms_in_force",
]
