"""What other rooms may know of agreements: what was promised, how its clocks run, and what keeps it."""

from closeknit.rooms.agreements.contracts.terms import Clock, Measure, Term, TermSource, longest_days, pick_term

__all__ = [
    "Clock",
    "Measure",
    "Term",
    "TermSource",
    "longest_days",
    "pick_term",
]
