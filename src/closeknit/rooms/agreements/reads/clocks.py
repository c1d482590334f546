"""Clocks, computed from events each time they are read: nothing about them is stored that could go stale."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from closeknit.kernel.actor import Actor
from closeknit.kernel.among import among
from closeknit.kernel.errors import NotFound
from closeknit.rooms.agreements.compute import ClockEvent, Reading, read_clock, to_us
from closeknit.rooms.agreements.contracts.clocks import (
    RUNNING_STATES,
    WARN_SHARE,
    ClockCard,
    ClockState,
    WorkClocks,
    WorkEventCard,
    WorkEventKind,
)
from closeknit.rooms.agreements.contracts.terms import Measure
from closeknit.rooms.agreements.contracts.tolerances import BendCard
from closeknit.rooms.agreements.models import WorkEvent
from closeknit.rooms.agreements.reads.regimes import MINUTE_US, TermBook, Whom, moment, open_book
from closeknit.rooms.agreements.reads.tolerances import bends_of
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.reads.by_number import list_account_clocks
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Level, Permission, SettingPlace
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts.timed_work import TimedWork

WATCHED = timedelta(days=400)
"""Work that came longer ago and never ended is past watching."""
MOST_WORK = 10_000
STOPS = {Measure.ANSWER_WITHIN: frozenset({WorkEventKind.ANSWERED, WorkEventKind.DONE})}
_DONE = frozenset({WorkEventKind.DONE})
_FIRST_BY_STATE = {ClockState.HELD: 1}


def list_clocks(
    *, by: Actor, at: datetime, operation: str = "", account_number: str = "", state: str = "", limit: int = 200
) -> list[ClockCard]:
    """Return the clocks that run at an instant, those that run out first first; what is on hold comes last.

    Of the accounts that the actor may see; NotFound for one that it may not.
    """
    _require(by)
    numbers = _numbers(account_number, by)
    work = _open_work(numbers, operation, at)
    cards = [card for card in _cards(work, at, by) if card.state in RUNNING_STATES]
    if state:
        cards = [card for card in cards if card.state == state]
    cards.sort(key=_urgency)
    return cards[:limit]


def get_work_clocks(operation: str, work_key: str, *, by: Actor, at: datetime) -> WorkClocks:
    """Return the clocks of one piece of work at an instant, also those that are over, with what happened to it.

    Raises:
        NotFound: for work that no source stated, or of an account that the actor may not see.
    """
    _require(by)
    work = find_work(operation, work_key)
    if work is None or work.occurred_at > at or not _sees(work.account_number, by):
        raise NotFound("There is no such work.", where=f"{operation}/{work_key}")
    rows = events_of_work([work], at)[work.operation, work.key]
    recorded = [
        WorkEventCard(WorkEventKind(row.kind), row.at, row.reason, row.work_class, is_recorded_here=True)
        for row in rows
    ]
    if work.finished_at is not None and work.finished_at <= at:
        recorded.append(WorkEventCard(WorkEventKind.DONE, work.finished_at, "", "", is_recorded_here=False))
    book, whom = book_of_work([work], at), whom_of_work([work], by)[work.account_number]
    reasons = {
        reason for measure in book.measures(work) for reason in book.regimes(work, whom, measure, [])[-1].pause_reasons
    }
    return WorkClocks(
        operation=work.operation,
        work_key=work.key,
        account_number=work.account_number,
        clocks=tuple(_cards([work], at, by)),
        events=tuple(sorted(recorded, key=lambda event: event.happened_at)),
        pause_reasons=tuple(sorted(reasons)),
    )


def find_work(operation: str, work_key: str) -> TimedWork | None:
    """Return a piece of work under the number that its account goes by now; whoever asks checks the scope."""
    work = sensing.find_timed_work(operation, work_key, by=org.system_actor())
    return under_present_numbers([work])[0] if work else None


def under_present_numbers(work: Sequence[TimedWork]) -> list[TimedWork]:
    golden = _golden()
    return [
        replace(one, account_number=golden[one.account_number]) if one.account_number in golden else one for one in work
    ]


def _golden() -> dict[str, str]:
    # What was merged is no secret of scope: who does not see the account sees nothing of it by either number.
    return customers.golden_numbers(by=org.system_actor(), at=None)


def _require(by: Actor) -> None:
    by.require(Permission.READ_ACCOUNTS)
    by.require(Permission.READ_INTERNAL)


def _sees(account_number: str, by: Actor) -> bool:
    return account_number in org.list_visible([account_number], permission=Permission.READ_INTERNAL, by=by)


def _numbers(account_number: str, by: Actor) -> list[str] | None:
    """Return the accounts to look at; None for all."""
    if account_number:
        kept = customers.get_account(account_number, by=by, permission=Permission.READ_INTERNAL).account_number
        return _with_other_names([kept])
    if by.scope_of(Permission.READ_INTERNAL).every_account:
        return None
    keys = customers.list_account_keys(by=by, permission=Permission.READ_INTERNAL)
    return _with_other_names([key.account_number for key in keys])


def _with_other_names(numbers: list[str]) -> list[str]:
    kept = set(numbers)
    return [*numbers, *(alias for alias, number in _golden().items() if number in kept)]


def _open_work(numbers: list[str] | None, operation: str, at: datetime) -> list[TimedWork]:
    system = org.system_actor()
    work = sensing.list_open_work(
        since=at - WATCHED, until=at, by=system, operation=operation, account_numbers=numbers, limit=MOST_WORK
    )
    reopened = WorkEvent.objects.filter(kind=WorkEventKind.REOPENED.value, at__lte=at, at__gte=at - WATCHED)
    if numbers is not None:
        reopened = reopened.filter(account_number__in=among(numbers))
    again = list(reopened.values_list("operation", "work_key").distinct())
    known = {(one.operation, one.key) for one in work} if again else set()
    for name, key in again:
        if (name, key) not in known and operation in ("", name):
            found = sensing.find_timed_work(name, key, by=system)
            work += [found] if found else []
    return under_present_numbers(work)


def _cards(work: Sequence[TimedWork], at: datetime, by: Actor) -> list[ClockCard]:
    if not work:
        return []
    book, whose, events = book_of_work(work, at), whom_of_work(work, by), events_of_work(work, at)
    shares, bends = _warn_shares(whose, at), bends_of(whose, by=by, at=at)
    return [
        _tolerated(card, bends, at)
        for one in work
        if one.account_number in whose
        for card in _clocks_of(
            one,
            whose[one.account_number],
            events.get((one.operation, one.key), ()),
            book,
            shares[one.account_number],
            at,
        )
    ]


def _warn_shares(whose: Mapping[str, Whom], at: datetime) -> dict[str, float]:
    """Return the share of the time allowed after which a clock is at risk, for each account.

    Only for accounts with a value of their own, or a region that only their place tells, is it asked by account: the
    others have that of their region and tier.
    """
    system = org.system_actor()
    own = set(org.list_places_set(WARN_SHARE, Level.ACCOUNT, at=at, by=system))
    places = {
        number: SettingPlace(
            region=one.region, tier=one.tier, account_number="" if one.region and number not in own else number
        )
        for number, one in whose.items()
    }
    asked = list(set(places.values()))
    # The settings in force count, whoever asks.
    found = dict(zip(asked, org.get_settings(WARN_SHARE, asked, at=at, by=system), strict=True))
    return {number: float(found[place].value) for number, place in places.items()}


def _tolerated(card: ClockCard, bends: Sequence[BendCard], at: datetime) -> ClockCard:
    if card.allowed_minutes is None or not bends:
        return card
    stretch = max(
        (
            bend.stretch_share
            for bend in bends
            if (bend.account_number, bend.term_number) == (card.account_number, card.term_number)
            and bend.holds_on(at.date())
        ),
        default=None,
    )
    return card if stretch is None else replace(card, tolerated_minutes=card.allowed_minutes * (1 + stretch))


def _clocks_of(
    work: TimedWork, whom: Whom, rows: Sequence[WorkEvent], book: TermBook, warn_share: float, at: datetime
) -> list[ClockCard]:
    at_us = to_us(at)
    happened = [ClockEvent(to_us(row.at), WorkEventKind(row.kind), row.work_class or row.reason) for row in rows]
    if work.finished_at is not None:
        happened.append(ClockEvent(to_us(work.finished_at), WorkEventKind.DONE))
    happened.sort(key=lambda event: event.at_us)
    cards = []
    for measure in book.measures(work):
        regimes = book.regimes(work, whom, measure, [e for e in happened if e.at_us <= at_us])
        if all(regime.allowed_us is None for regime in regimes):
            continue
        reading = read_clock(
            regimes,
            to_us(work.occurred_at),
            happened,
            at_us,
            stops=STOPS.get(measure, _DONE),
            warn_share=warn_share,
        )
        cards.append(_card(work, whom, measure, reading, book, at))
    return cards


def _card(work: TimedWork, whom: Whom, measure: Measure, reading: Reading, book: TermBook, at: datetime) -> ClockCard:
    term = book.term_at(work, whom, reading.term_number, to_us(at)) if reading.term_number else None
    return ClockCard(
        operation=work.operation,
        work_key=work.key,
        account_number=work.account_number,
        service=work.service,
        work_class=work.work_class,
        measure=measure,
        term_number=reading.term_number,
        promise=book.say(term) if term else "",
        state=reading.state,
        started_at=work.occurred_at,
        allowed_minutes=_minutes(reading.allowed_us),
        passed_minutes=reading.passed_us / MINUTE_US,
        held_minutes=reading.held_us / MINUTE_US,
        left_minutes=_minutes(reading.left_us),
        due_at=moment(reading.due_us),
        warn_at=moment(reading.warn_us),
        breached_at=moment(reading.breached_us),
        stopped_at=moment(reading.stopped_us),
        is_zone_known=bool(whom.time_zone),
    )


def _minutes(us: int | None) -> float | None:
    return None if us is None else us / MINUTE_US


def book_of_work(work: Iterable[TimedWork], at: datetime) -> TermBook:
    return open_book(
        {one.operation for one in work},
        {one.account_number for one in work},
        golden=_golden(),
        at=at,
        system=org.system_actor(),
    )


def whom_of_work(work: Iterable[TimedWork], by: Actor) -> dict[str, Whom]:
    found = list_account_clocks({one.account_number for one in work}, by=by)
    return {number: Whom(number, tier.value, zone, region) for number, tier, zone, region in found}


def events_of_work(work: Sequence[TimedWork], at: datetime) -> dict[tuple[str, str], list[WorkEvent]]:
    found: dict[tuple[str, str], list[WorkEvent]] = defaultdict(list)
    rows = WorkEvent.objects.filter(
        operation__in={one.operation for one in work}, work_key__in=among(one.key for one in work), at__lte=at
    )
    for row in rows.order_by("at", "pk"):
        found[row.operation, row.work_key].append(row)
    return found


def _urgency(card: ClockCard) -> tuple[int, datetime, str, str]:
    return _FIRST_BY_STATE.get(card.state, 0), card.due_at or card.started_at, card.work_key, card.measure.value
