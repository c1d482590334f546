"""What other rooms may know of agreements: what was promised, how its clocks run, and what keeps it."""

from closeknit.rooms.agreements.contracts.calendars import WORKING_DAYS, BusinessCalendar, Opening
from closeknit.rooms.agreements.contracts.chains import ChainCard, ChainSlack, ChainStep, WantedChain
from closeknit.rooms.agreements.contracts.clocks import (
    CLOCK_SETTINGS,
    RUNNING_STATES,
    WARN_SHARE,
    ClockCard,
    ClockState,
    WorkClocks,
    WorkEventCard,
    WorkEventKind,
)
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
    "CLOCK_SETTINGS",
    "DEFAULT_PAUSE_REASONS",
    "RUNNING_STATES",
    "WARN_SHARE",
    "WORKING_DAYS",
    "BusinessCalendar",
    "ChainCard",
    "ChainSlack",
    "ChainStep",
    "Clause",
    "Clock",
    "ClockCard",
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
    "WorkClocks",
    "WorkEventCard",
    "WorkEventKind",
    "longest_days",
    "pick_term",
]
