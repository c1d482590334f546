"""What holds for a piece of work at each instant, against picking the term anew at that instant."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from closeknit.rooms.agreements.compute import ClockEvent, Regime, from_us, local_day, to_us
from closeknit.rooms.agreements.contracts import Measure, Term, WorkEventKind, pick_term
from closeknit.rooms.agreements.reads.regimes import MINUTE_US, TermBook, Whom
from closeknit.rooms.agreements.tests.test_pick_term import ANYONE
from closeknit.rooms.sensing.contracts.timed_work import TimedWork

FIRST = date(2026, 1, 1)
ZONES = ("", "Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles")
TIERS, SERVICES, CLASSES = ("", "key", "volume"), ("", "phone", "mail"), ("", "P1", "P2")


def some_terms(draw: Random, account: str) -> list[Term]:
    """Versions that begin and end within forty days, for anyone, for tiers and for one account."""
    found = []
    for number in range(draw.randint(1, 6)):
        starts_on = FIRST + timedelta(days=draw.randint(0, 40))
        ends_on = draw.choice([None, starts_on + timedelta(days=draw.randint(1, 20))])
        own = draw.random() < 0.4
        found.append(
            replace(
                ANYONE,
                term_number=f"T{number}",
                account_number=account if own else "",
                tier="" if own else draw.choice(TIERS),
                service=draw.choice(SERVICES),
                work_class=draw.choice(CLASSES),
                threshold_minutes=float(draw.randint(1, 900)),
                starts_on=starts_on,
                ends_on=ends_on,
            )
        )
    return found


def book_of(terms: list[Term]) -> TermBook:
    by_holder: dict[tuple[str, str], list[Term]] = {}
    for term in terms:
        by_holder.setdefault((term.operation, term.account_number), []).append(term)
    return TermBook(by_holder, {}, {}, {}, {})


def some_work(draw: Random, account: str) -> TimedWork:
    came = datetime(2025, 12, 30, tzinfo=UTC) + timedelta(minutes=draw.randint(0, 50 * 1440))
    return TimedWork("desk", "W", draw.choice(SERVICES[1:]), draw.choice(CLASSES), "", account, came, None)


def holding(regimes: list[Regime], at_us: int) -> Regime:
    return [regime for regime in regimes if regime.from_us <= at_us][-1]


def picked_anew(terms: list[Term], work: TimedWork, whom: Whom, work_class: str, at_us: int) -> Term | None:
    day = local_day(at_us, whom.time_zone or "UTC")
    held = [term for term in terms if term.starts_on <= day and (term.ends_on is None or day < term.ends_on)]
    return pick_term(
        held, account_number=work.account_number, tier=whom.tier, service=work.service, work_class=work_class
    )


@pytest.mark.parametrize("seed", range(40))
def test_at_each_instant_the_term_holds_that_would_be_picked_then(seed):
    draw = Random(seed)
    terms = some_terms(draw, "A1")
    book = book_of(terms)
    # One book answers for several accounts, whose work shares what is worked out once.
    for account in ("A1", "B2", "A1", "C3"):
        whom = Whom(account, draw.choice(TIERS[1:]), draw.choice(ZONES), "")
        work = some_work(draw, account)
        started = to_us(work.occurred_at)
        changes = sorted((started + draw.randint(0, 30) * 1440 * MINUTE_US, draw.choice(CLASSES[1:])) for _ in range(2))
        events = [ClockEvent(at, WorkEventKind.PRIORITY, name) for at, name in changes[: draw.randint(0, 2)]]
        regimes = book.regimes(work, whom, Measure.RESOLVE_WITHIN, events)
        assert regimes[0].from_us == started
        assert [regime.from_us for regime in regimes] == sorted({regime.from_us for regime in regimes})
        for _ in range(60):
            at_us = started + draw.randint(0, 60 * 1440) * MINUTE_US
            name = next((e.reason for e in reversed(events) if e.at_us <= at_us), work.work_class)
            wanted = picked_anew(terms, work, whom, name, at_us)
            held = holding(regimes, at_us)
            assert held.term_number == (wanted.term_number if wanted else ""), from_us(at_us)
            assert held.allowed_us == (round(wanted.threshold_minutes * MINUTE_US) if wanted else None)
            assert book.term_at(work, whom, held.term_number, at_us) == wanted


def test_a_promise_is_said_alike_however_often():
    book = book_of([ANYONE])
    assert book.say(ANYONE) == book.say(ANYONE) == ANYONE.sentence
    later = replace(ANYONE, starts_on=date(2026, 5, 1), threshold_minutes=30)
    assert book.say(later) == later.sentence != ANYONE.sentence
