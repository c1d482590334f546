"""Every question about what was promised, one file per subject."""

from closeknit.rooms.agreements.reads.adherence import get_adherence, get_adherence_paper
from closeknit.rooms.agreements.reads.calendars import find_calendar, list_calendars
from closeknit.rooms.agreements.reads.chains import list_chains
from closeknit.rooms.agreements.reads.clocks import get_work_clocks, list_clocks
from closeknit.rooms.agreements.reads.contracts import get_contract, list_contracts
from closeknit.rooms.agreements.reads.expectations import get_expectations
from closeknit.rooms.agreements.reads.needs import get_need, list_needs
from closeknit.rooms.agreements.reads.setups import get_setup, list_custom_setups, list_setups
from closeknit.rooms.agreements.reads.terms import list_terms, terms_in_force
from closeknit.rooms.agreements.reads.threatened import list_threatened_accounts
from closeknit.rooms.agreements.reads.tolerances import get_bend_policy, list_bends

__all__ = [
    "find_calendar",
    "get_adherence",
    "get_adherence_paper",
    "get_bend_policy",
    "get_contract",
    "get_expectations",
    "get_need",
    "get_setup",
    "get_work_clocks",
    "list_bends",
    "list_calendars",
    "list_chains",
    "list_clocks",
    "list_contracts",
    "list_custom_setups",
    "list_needs",
    "list_setups",
    "list_terms",
    "list_threatened_accounts",
    "terms_in_force",
]
