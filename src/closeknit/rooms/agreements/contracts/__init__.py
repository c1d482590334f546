"""What other rooms may know of agreements: what was promised, how its clocks run, and what keeps it."""

from closeknit.rooms.agreements.contracts.calendars import WORKING_DAYS, BusinessCalendar, Opening
from closeknit.rooms.agreements.contracts.chains import ChainCard, ChainSlack, ChainStep, WantedChain
from closeknit.rooms.agreements.contracts.clocks import ClockState, WorkEventKind
from closeknit.rooms.agreements.contracts.deals import (
    DEFAULT_PAUSE_REASONS,
    Clause,
    ContractCard,
    ContractState,
    Guarantee,
    GuaranteeKind,
    TermsChanged,
    WantedContract,
)
from closeknit.rooms.agreements.contracts.terms import Clock, Measure, Term, TermSource, longest_days, pick_term

__all__ = [
    "DEFAULT_PAUSE_REASONS",
    "WORKING_DAYS",
    "BusinessCalendar",
    "ChainCard",
    "ChainSlack",
    "ChainStep",
    "Clause",
    "Clock",
    "ClockState",
    "ContractCard",
    "ContractState",
    "Guarantee",
    "GuaranteeKind",
    "Measure",
    "Opening",
    "Term",
    "TermSource",
    "TermsChanged",
    "WantedChain",
    "WantedContract",
    "WorkEventKind",
    "longest_days",
    "pick_term",
]
