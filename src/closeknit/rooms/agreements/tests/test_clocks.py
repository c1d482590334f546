"""Clocks against an oracle that lives through them minute by minute, and case by case."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from closeknit.rooms.agreements.compute.business_time import SECOND, Timetable, from_us, open_time, to_us
from closeknit.rooms.agreements.compute.clocks import ClockEvent, Regime, read_clock
from closeknit.rooms.agreements.contracts.clocks import ClockState, WorkEventKind

MINUTE = 60 * SECOND
ENDS = frozenset({WorkEventKind.DONE})
MONDAY = datetime(2026, 3, 23, 8, 0, tzinfo=UTC)
"""The clocks of Berlin go forward six days later."""
OFFICE = Timetable(date(2026, 1, 1), (((540, 720), (780, 1020)),) * 5 + (((600, 660),), ((60, 240),)))
NIGHT = Timetable(date(2026, 1, 1), (((0, 300), (1200, 1440)),) * 7)
WAITING = frozenset({"waiting for customer"})


def calendar(*timetables: Timetable, zone: str = "Europe/Berlin"):
    return lambda start, end: open_time(timetables, zone, start, end)


def regime(at: datetime, minutes: int | None, when=None, reasons=WAITING, name="T-1") -> Regime:
    return Regime(to_us(at), None if minutes is None else minutes * MINUTE, when, frozenset(reasons), name)


def event(minutes: float, kind: WorkEventKind, reason: str = "") -> ClockEvent:
    return ClockEvent(to_us(MONDAY + timedelta(minutes=minutes)), kind, reason)


def read(regimes, events, minutes: float, warn: float = 0.75):
    at = to_us(MONDAY + timedelta(minutes=minutes))
    return read_clock(regimes, to_us(MONDAY), events, at, stops=ENDS, warn_share=warn)


def minutes_of(us: int | None) -> float | None:
    return None if us is None else (us - to_us(MONDAY)) / MINUTE


def live(regimes, events, until: int) -> tuple[int, int, int | None, bool]:
    """The oracle: passed and held minutes, the minute of the breach, whether it is over; lived through one by one."""
    passed = held = 0
    mode, reason, breached = "running", "", None
    for minute in range(until):
        now = to_us(MONDAY) + minute * MINUTE
        for each in events:
            if each.at_us == now:
                if each.kind is WorkEventKind.DONE:
                    mode = "stopped"
                elif each.kind is WorkEventKind.REOPENED:
                    mode = "running"
                elif mode != "stopped" and each.kind is WorkEventKind.HELD:
                    mode, reason = "held", each.reason
                elif mode != "stopped" and each.kind is WorkEventKind.RESUMED:
                    mode = "running"
        rule = [r for r in regimes if r.from_us <= now][-1]
        is_open = rule.calendar is None or rule.calendar(now, now + MINUTE).passed(now, now + MINUTE) == MINUTE
        if mode == "stopped" or rule.allowed_us is None:
            continue
        if mode == "held" and reason in rule.pause_reasons:
            held += is_open
            continue
        if breached is None and passed * MINUTE >= rule.allowed_us and (is_open or passed * MINUTE > rule.allowed_us):
            breached = minute
        if breached is None and passed * MINUTE == rule.allowed_us:
            breached = minute
        passed += is_open
    return passed, held, breached, mode == "stopped"


def random_case(rng: np.random.Generator):
    span = 6 * 1440 + 300
    calendars = [None, calendar(OFFICE), calendar(NIGHT)]
    starts = [0, *sorted(rng.choice(np.arange(1, span), 3, replace=False).tolist())]
    regimes = [
        regime(
            MONDAY + timedelta(minutes=int(start)),
            None if rng.random() < 0.1 else int(rng.integers(1, 900)),
            calendars[rng.integers(3)],
            WAITING if rng.random() < 0.7 else {"parts"},
        )
        for start in starts
    ]
    kinds = [WorkEventKind.HELD, WorkEventKind.RESUMED, WorkEventKind.HELD, WorkEventKind.DONE, WorkEventKind.REOPENED]
    reasons = ["waiting for customer", "parts", ""]
    events = [
        event(int(m), kinds[rng.integers(len(kinds))], reasons[rng.integers(3)])
        for m in sorted(rng.choice(np.arange(1, span), 6, replace=False).tolist())
    ]
    return regimes, events, int(rng.integers(2, span))


def test_every_clock_shows_what_somebody_saw_who_lived_through_it():
    rng = np.random.default_rng(7)
    for _ in range(60):
        regimes, events, until = random_case(rng)
        passed, held, breached, over = live(regimes, events, until)
        found = read(regimes, events, until)
        assert (found.passed_us, found.held_us) == (passed * MINUTE, held * MINUTE)
        assert minutes_of(found.breached_us) == breached
        if not any(e.at_us == to_us(MONDAY + timedelta(minutes=until)) for e in events):
            assert (found.stopped_us is not None) == over


def test_a_due_instant_comes_true_if_nothing_happens():
    rng = np.random.default_rng(11)
    for _ in range(60):
        regimes, events, until = random_case(rng)
        found = read(regimes, events, until)
        if found.due_us is None or found.breached_us is not None:
            continue
        due = minutes_of(found.due_us)
        known = [e for e in events if e.at_us <= to_us(MONDAY + timedelta(minutes=until))]
        assert read(regimes, known, due).breached_us is None
        assert read(regimes, known, due + 1 / 60).breached_us == found.due_us


def test_hold_time_is_not_lost_when_priority_or_contract_change():
    rules = [regime(MONDAY, 480), regime(MONDAY + timedelta(hours=5), 240, name="T-2")]
    events = [event(60, WorkEventKind.HELD, "waiting for customer"), event(240, WorkEventKind.RESUMED)]
    found = read(rules, events, 360)
    assert found.held_us == 180 * MINUTE
    assert (found.term_number, found.passed_us, found.left_us) == ("T-2", 180 * MINUTE, 60 * MINUTE)
    assert minutes_of(found.due_us) == 420
    # The stricter term, had the hold been forgotten, would have been broken by now.
    assert found.state is ClockState.AT_RISK
    assert read(rules, [], 360).state is ClockState.BREACHED


def test_a_stricter_term_breaks_nothing_before_it_holds():
    rules = [regime(MONDAY, 480), regime(MONDAY + timedelta(hours=5), 60)]
    assert read(rules, [], 300).state is not ClockState.BREACHED
    assert minutes_of(read(rules, [], 301).breached_us) == 300


def test_what_was_broken_stays_broken_under_a_laxer_term_and_after_the_end():
    rules = [regime(MONDAY, 60), regime(MONDAY + timedelta(hours=5), 6000)]
    assert minutes_of(read(rules, [], 400).breached_us) == 60
    done = [event(500, WorkEventKind.DONE)]
    assert read(rules, done, 900).state is ClockState.MISSED
    assert read(rules, [event(60, WorkEventKind.DONE)], 900).state is ClockState.KEPT


@pytest.mark.parametrize("reason", ["", "lunch"])
def test_an_empty_or_unknown_reason_pauses_nothing(reason: str):
    held = [event(10, WorkEventKind.HELD, reason)]
    assert read([regime(MONDAY, 60)], held, 50).passed_us == 50 * MINUTE
    assert read([regime(MONDAY, 60, reasons={""})], [event(10, WorkEventKind.HELD, "x")], 50).passed_us == 50 * MINUTE


def test_red_twin_terms_that_allow_the_empty_reason_would_pause():
    held = [event(10, WorkEventKind.HELD, "")]
    assert read([regime(MONDAY, 60, reasons={""})], held, 50).passed_us == 10 * MINUTE


def test_it_is_at_risk_before_it_is_broken_and_says_when():
    rules = [regime(MONDAY, 100)]
    states = [read(rules, [], minute).state for minute in (74, 75, 100, 101)]
    assert states == [ClockState.RUNNING, ClockState.AT_RISK, ClockState.AT_RISK, ClockState.BREACHED]
    assert minutes_of(read(rules, [], 10).warn_us) == 75


def test_a_reopened_clock_goes_on_where_it_stopped():
    events = [event(30, WorkEventKind.DONE), event(500, WorkEventKind.REOPENED)]
    assert read([regime(MONDAY, 60)], events, 400).state is ClockState.KEPT
    found = read([regime(MONDAY, 60)], events, 510)
    assert (found.passed_us, minutes_of(found.due_us)) == (40 * MINUTE, 530)


def test_no_promise_is_no_clock_and_a_coming_term_is_looked_ahead_to():
    rules = [regime(MONDAY, None), regime(MONDAY + timedelta(hours=10), 60, name="T-9")]
    assert read(rules, [], 30).state is ClockState.NO_PROMISE
    assert read(rules, [], 30).due_us is None
    laxer = [regime(MONDAY, 120), regime(MONDAY + timedelta(minutes=100), 200)]
    assert minutes_of(read(laxer, [], 30).due_us) == 200


def test_office_hours_over_a_weekend_with_the_change_of_the_clock():
    friday = datetime(2026, 3, 27, 15, 30, tzinfo=UTC)
    rules = [regime(friday, 240, calendar(Timetable(date(2026, 1, 1), (((540, 1020),),) * 5 + ((), ()))))]
    found = read_clock(rules, to_us(friday), [], to_us(friday), stops=ENDS, warn_share=0.75)
    # Half past four to five on Friday, then from nine on Monday, which is summer time: 3.5 hours more.
    assert from_us(found.due_us) == datetime(2026, 3, 30, 10, 30, tzinfo=UTC)
