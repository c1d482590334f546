"""Clocks: how far a promise about one piece of work has run."""

from enum import StrEnum


class WorkEventKind(StrEnum):
    """What may happen to a piece of work after it came."""

    ANSWERED = "answered"
    HELD = "held"
    RESUMED = "resumed"
    PRIORITY = "priority changed"
    DONE = "done"
    REOPENED = "reopened"


class ClockState(StrEnum):
    """What a clock shows. `missed` and `kept` are over; a breach is never taken back."""

    BREACHED = "breached"
    AT_RISK = "at risk"
    RUNNING = "running"
    HELD = "on hold"
    MISSED = "missed"
    KEPT = "kept"
    NO_PROMISE = "no promise"


RUNNING_STATES = frozenset({ClockState.BREACHED, ClockState.AT_RISK, ClockState.RUNNING, ClockState.HELD})
