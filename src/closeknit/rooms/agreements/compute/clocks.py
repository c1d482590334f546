"""Clocks: what is left of a promise, from what happened to the work and the terms in force at each instant."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from closeknit.rooms.agreements.compute.business_time import OpenTime
from closeknit.rooms.agreements.contracts.clocks import ClockState, WorkEventKind

FAR_US = 4 * 366 * 86_400_000_000
"""Nobody is told of a due instant that is further away than this: the time of the promise hardly ever passes."""


@dataclass(frozen=True, slots=True)
class Regime:
    """What holds from an instant on: the time allowed, the calendar it is counted by, and which holds pause it.

    `allowed_us` None: nothing is promised, so no time passes. `calendar` None: every second counts; else it returns
    the calendar's open time over a stretch.
    """

    from_us: int
    allowed_us: int | None
    calendar: Callable[[int, int], OpenTime] | None
    pause_reasons: frozenset[str]
    term_number: str


@dataclass(frozen=True, slots=True)
class ClockEvent:
    """Something that happened to a piece of work. A hold has a reason."""

    at_us: int
    kind: WorkEventKind
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a clock shows at an instant. `None` for what is not known or will not come."""

    state: ClockState
    term_number: str
    allowed_us: int | None
    passed_us: int
    held_us: int
    left_us: int | None
    due_us: int | None
    warn_us: int | None
    breached_us: int | None
    stopped_us: int | None


class _Mode(StrEnum):
    RUNNING = "running"
    HELD = "held"
    STOPPED = "stopped"


@dataclass(slots=True)
class _Hand:
    """The clock's hand as it walks through time."""

    mode: _Mode = _Mode.RUNNING
    reason: str = ""
    passed: int = 0
    held: int = 0
    breached: int | None = None
    stopped: int | None = None

    def is_counting(self, regime: Regime) -> bool:
        # A hold for no reason, or for one that the terms do not know, pauses nothing.
        return self.mode is _Mode.RUNNING or (self.mode is _Mode.HELD and self.reason not in regime.pause_reasons)


def read_clock(
    regimes: Sequence[Regime],
    started_us: int,
    events: Sequence[ClockEvent],
    at_us: int,
    *,
    stops: frozenset[WorkEventKind],
    warn_share: float,
) -> Reading:
    """Read one clock at an instant, by walking through everything that happened until then.

    Time that passed stays passed and time on hold stays on hold, whatever changes later: a change of priority or of
    contract only sets how much is allowed in all, how time is counted from then on, and what pauses it. A promise
    that was broken under the terms of its time stays broken. A stricter term breaks nothing before it holds.

    Args:
        regimes: by their start; the first starts no later than the work.
        events: in the order in which they happened.
        stops: which kinds of events end the work that this clock measures.
        warn_share: of the time allowed, after which it is at risk.
    """
    hand = _Hand()
    known = [event for event in events if started_us <= event.at_us <= at_us]
    if not known and len(regimes) == 1:
        _pass(hand, regimes[0], started_us, at_us)
        return _read(hand, regimes, at_us, warn_share)
    points = sorted({started_us, at_us, *(e.at_us for e in known), *_starts(regimes, started_us, at_us)})
    for start, end in zip(points, [*points[1:], at_us], strict=True):
        for event in known:
            if event.at_us == start:
                _happen(hand, event, stops)
        _pass(hand, _at(regimes, start), start, end)
    return _read(hand, regimes, at_us, warn_share)


def _starts(regimes: Sequence[Regime], after: int, until: int) -> list[int]:
    return [regime.from_us for regime in regimes if after < regime.from_us < until]


def _at(regimes: Sequence[Regime], instant: int) -> Regime:
    return [regime for regime in regimes if regime.from_us <= instant][-1]


def _happen(hand: _Hand, event: ClockEvent, stops: frozenset[WorkEventKind]) -> None:
    if event.kind in stops:
        hand.mode, hand.stopped = _Mode.STOPPED, event.at_us
    elif event.kind is WorkEventKind.REOPENED:
        hand.mode, hand.stopped = _Mode.RUNNING, None
    elif hand.mode is not _Mode.STOPPED and event.kind is WorkEventKind.HELD:
        hand.mode, hand.reason = _Mode.HELD, event.reason
    elif hand.mode is not _Mode.STOPPED and event.kind is WorkEventKind.RESUMED:
        hand.mode, hand.reason = _Mode.RUNNING, ""


def _pass(hand: _Hand, regime: Regime, start: int, end: int) -> None:
    if start >= end or hand.mode is _Mode.STOPPED or regime.allowed_us is None:
        return
    if not hand.is_counting(regime):
        hand.held += _passed(regime, start, end)
        return
    if hand.breached is None:
        due = _after(regime, start, end, regime.allowed_us - hand.passed)
        if due is not None and due < end:
            hand.breached = due
    hand.passed += _passed(regime, start, end)


def _passed(regime: Regime, start: int, end: int) -> int:
    return end - start if regime.calendar is None else regime.calendar(start, end).passed(start, end)


def _after(regime: Regime, start: int, end: int, amount: int) -> int | None:
    """Return when an amount of time has passed, or None where it has not by `end`."""
    if amount <= 0:
        return start
    if regime.calendar is None:
        found: int | None = start + amount
    else:
        found = regime.calendar(start, end).after(start, amount)
    # What holds after `end` is counted another way.
    return found if found is not None and found <= end else None


def _read(hand: _Hand, regimes: Sequence[Regime], at_us: int, warn_share: float) -> Reading:
    regime = _at(regimes, at_us)
    allowed = regime.allowed_us
    left = None if allowed is None else allowed - hand.passed
    due = warn = None
    if hand.mode is not _Mode.STOPPED and allowed is not None and hand.is_counting(regime):
        due = hand.breached if hand.breached is not None else _reach(hand, regimes, at_us, 1.0)
        warn = _reach(hand, regimes, at_us, warn_share) if hand.breached is None else None
    state = _state(hand, regime, at_us, warn)
    return Reading(
        state, regime.term_number, allowed, hand.passed, hand.held, left, due, warn, hand.breached, hand.stopped
    )


def _state(hand: _Hand, regime: Regime, at_us: int, warn: int | None) -> ClockState:
    if hand.mode is _Mode.STOPPED:
        return ClockState.KEPT if hand.breached is None else ClockState.MISSED
    if hand.breached is not None:
        return ClockState.BREACHED
    if regime.allowed_us is None:
        return ClockState.NO_PROMISE
    if not hand.is_counting(regime):
        return ClockState.HELD
    return ClockState.AT_RISK if warn is not None and warn <= at_us else ClockState.RUNNING


def _reach(hand: _Hand, regimes: Sequence[Regime], at_us: int, share: float) -> int | None:
    """Return when a share of the time allowed will have passed if nothing happens; now where it has passed already."""
    passed, start = hand.passed, at_us
    coming = [regime for regime in regimes if regime.from_us > at_us]
    regime = _at(regimes, at_us)
    for following in (*coming, None):
        end = min(following.from_us if following else start + FAR_US, at_us + FAR_US)
        paused = hand.mode is _Mode.HELD and hand.reason in regime.pause_reasons
        if regime.allowed_us is not None and not paused:
            found = _soon(regime, start, end, round(regime.allowed_us * share) - passed)
            if found is not None:
                return found
            passed += _passed(regime, start, end)
        if following is None or end < following.from_us:
            return None
        regime, start = following, following.from_us
    return None


def _soon(regime: Regime, start: int, end: int, amount: int) -> int | None:
    """Return when an amount has passed, looking further ahead step by step: most promises end soon."""
    step = 16 * 86_400_000_000
    while True:
        until = min(start + step, end)
        found = _after(regime, start, until, amount)
        if found is not None or until >= end:
            return found
        step *= 4
