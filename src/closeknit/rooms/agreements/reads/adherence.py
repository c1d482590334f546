"""Adherence: what was promised to an account in a period, how it was kept, and what in the ledger bore on it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.agreements.compute import ClockEvent, Regime, day_starts, from_us, local_day, read_clock, to_us
from closeknit.rooms.agreements.compute.adherence import (
    month_of,
    months_between,
    next_month,
    share_interval,
    total,
    verdict_of,
)
from closeknit.rooms.agreements.compute.evidence_file import content_of, digest_of
from closeknit.rooms.agreements.compute.evidence_paper import paper_of
from closeknit.rooms.agreements.contracts.adherence import (
    BEARING,
    Adherence,
    AdherenceMonth,
    ClockHold,
    EvidenceLine,
    Obligation,
    PromisedGuarantee,
    SettledClock,
)
from closeknit.rooms.agreements.contracts.clocks import WorkEventKind
from closeknit.rooms.agreements.contracts.deals import DEFAULT_PAUSE_REASONS, ContractCard
from closeknit.rooms.agreements.contracts.terms import Measure, Term
from closeknit.rooms.agreements.contracts.tolerances import BendCard
from closeknit.rooms.agreements.models import ClockBreach, WorkEvent
from closeknit.rooms.agreements.reads.clocks import (
    STOPS,
    WATCHED,
    events_of_work,
    under_present_numbers,
    whom_of_work,
)
from closeknit.rooms.agreements.reads.regimes import MINUTE_US, TermBook, Whom, open_book
from closeknit.rooms.agreements.reads.terms import list_terms
from closeknit.rooms.agreements.reads.tolerances import bends_of
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.contracts import AccountCard
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.contracts import LedgerLine
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts.timed_work import TimedWork

LONGEST_DAYS = 400
MOST_WORK = 50_000
MOST_TERMS = 100_000
MOST_LINES = 300
LINES_AT_ONCE = 1000
_DONE = frozenset({WorkEventKind.DONE})
_OF_WORK = ("work.", "clocks.")


@dataclass(frozen=True, slots=True)
class _Period:
    """A period of an account: its days, its instants, and until when it can be told by now."""

    names: list[str]
    from_on: date
    until_on: date
    zone: str
    start: datetime
    end: datetime
    at: datetime

    @property
    def known_until(self) -> datetime:
        """When it ends, or now while it runs."""
        return min(self.end, self.at)


def get_adherence(account_number: str, *, from_on: date, until_on: date, by: Actor, at: datetime) -> Adherence:
    """Return how the promises to an account were kept from one day until before another, by what is known now.

    Raises:
        Denied: unless the actor may read what is internal and the account's decisions.
        NotFound: for an account that the actor may not see so.
        Invalid: for days that do not follow one another, that have not begun, or that hold too much work for one pack.
    """
    by.require(Permission.READ_DECISIONS)
    account = customers.get_account(account_number, by=by, permission=Permission.READ_INTERNAL)
    account = customers.get_account(account.account_number, by=by, permission=Permission.READ_DECISIONS)
    period = _period(account, from_on, until_on, by, at)
    # Which terms held is no matter of who asks; what they cost is shown by the actor's rights below.
    system = org.system_actor()
    terms = list_terms(by=system, account_number=account.account_number, limit=MOST_TERMS)
    held = [term for term in terms if term.starts_on < until_on and (term.ends_on is None or term.ends_on > from_on)]
    golden = customers.golden_numbers(by=system, at=None)
    operations = {term.operation for term in held}
    book = open_book(operations, period.names, golden=golden, at=period.known_until, system=system)
    clocks = _settled_clocks(period, book, operations, by)
    bends = tuple(bend for bend in bends_of(period.names, by=by, at=at) if _is_within(bend, period))
    clocks = [_tolerated(clock, bends) for clock in clocks]
    obligations = [_obligation(term, period, book, clocks) for term in held]
    signed = _contracts(book, account, period)
    lines, left_out = _lines(account.account_number, period, signed, by)
    return Adherence(
        account_number=account.account_number,
        account_name=account.name,
        from_on=from_on,
        until_on=until_on,
        time_zone=period.zone,
        is_zone_known=bool(account.time_zone),
        as_of_at=at,
        obligations=_shown(obligations, account.account_number, by),
        guarantees=tuple(
            PromisedGuarantee(card.contract_number, card.version, guarantee)
            for card in signed
            for guarantee in card.guarantees
        ),
        clocks=tuple(clocks),
        bends=bends,
        lines=lines,
        lines_left_out=left_out,
    )


def get_adherence_paper(account_number: str, *, from_on: date, until_on: date, by: Actor, at: datetime) -> bytes:
    """Return the same as a PDF that a person can take to a meeting; refused alike."""
    found = get_adherence(account_number, from_on=from_on, until_on=until_on, by=by, at=at)
    return paper_of(found, digest_of(content_of(found)))


def _period(account: AccountCard, from_on: date, until_on: date, by: Actor, at: datetime) -> _Period:
    if not from_on < until_on:
        raise Invalid("The period ends before it begins.", where="until_on", todo="Its last day is the one before.")
    if (until_on - from_on).days > LONGEST_DAYS:
        raise Invalid("This is more than a year.", where="until_on", todo=f"Ask for at most {LONGEST_DAYS} days.")
    if not 1971 <= from_on.year <= 9000:
        raise Invalid("No promise is that old, or that new.", where="from_on", todo="Such as 2026-03-01.")
    zone = account.time_zone or "UTC"
    start, end = from_us(day_starts(from_on, zone)), from_us(day_starts(until_on, zone))
    if start >= at:
        raise Invalid("The period has not begun.", where="from_on", todo="Choose days that have.")
    names = list(customers.names_of(account.account_number, by=by))
    return _Period(names, from_on, until_on, zone, start, end, at)


def _is_within(bend: BendCard, period: _Period) -> bool:
    return bend.starts_on < period.until_on and bend.until_on >= period.from_on


def _tolerated(clock: SettledClock, bends: Sequence[BendCard]) -> SettledClock:
    allows = any(
        bend.term_number == clock.term_number
        and bend.holds_on(clock.settled_at.date())
        and clock.passed_minutes <= clock.allowed_minutes * (1 + bend.stretch_share)
        for bend in bends
    )
    return replace(clock, is_tolerated=allows and not clock.is_kept)


def _settled_clocks(period: _Period, book: TermBook, operations: set[str], by: Actor) -> list[SettledClock]:
    work = [one for one in _work(period) if one.operation in operations]
    if not work:
        return []
    events, whose = events_of_work(work, period.known_until), whom_of_work(work, by)
    noted = _noted(period)
    found = [
        clock
        for one in work
        if one.account_number in whose
        for clock in _of_work(one, whose[one.account_number], events[one.operation, one.key], book, period, noted)
    ]
    return sorted(found, key=lambda clock: (clock.settled_at, clock.operation, clock.work_key, clock.measure))


def _noted(period: _Period) -> set[tuple[str, str, str]]:
    rows = ClockBreach.objects.filter(account_number__in=period.names)
    return set(rows.values_list("operation", "work_key", "measure"))


def _work(period: _Period) -> list[TimedWork]:
    """Return the work that may have been settled in the period: ended since it began, or still open."""
    system, end = org.system_actor(), period.known_until
    since = period.start
    ended = sensing.list_ended_work(
        period.names, since=since, until=period.at, came_before=end, by=system, limit=MOST_WORK + 1
    )
    still_open = sensing.list_open_work(
        since=since - WATCHED, until=end, by=system, account_numbers=period.names, limit=MOST_WORK + 1
    )
    found = {(one.operation, one.key): one for one in (*ended, *still_open)}
    if len(found) > MOST_WORK:
        raise Invalid(
            f"More than {MOST_WORK:,} pieces of work belong to this period.",
            where="until_on",
            todo="Ask for a shorter one.",
        )
    happened = WorkEvent.objects.filter(account_number__in=period.names, at__gte=since, at__lt=end)
    for operation, key in happened.values_list("operation", "work_key").distinct():
        if (operation, key) not in found:
            work = sensing.find_timed_work(operation, key, by=system)
            if work is not None:
                found[operation, key] = work
    return under_present_numbers(list(found.values()))


def _of_work(
    work: TimedWork,
    whom: Whom,
    rows: Sequence[WorkEvent],
    book: TermBook,
    period: _Period,
    noted: set[tuple[str, str, str]],
) -> Iterable[SettledClock]:
    end_us = to_us(period.known_until)
    happened = [ClockEvent(to_us(row.at), WorkEventKind(row.kind), row.work_class or row.reason) for row in rows]
    if work.finished_at is not None:
        happened.append(ClockEvent(to_us(work.finished_at), WorkEventKind.DONE))
    happened = sorted((event for event in happened if event.at_us < end_us), key=lambda event: event.at_us)
    for measure in book.measures(work):
        regimes = book.regimes(work, whom, measure, happened)
        if any(regime.allowed_us is not None for regime in regimes):
            clock = _clock(work, whom, measure, regimes, happened, book, period)
            if clock is not None:
                is_noted = (work.operation, work.key, measure.value) in noted and not clock.is_kept
                yield replace(clock, is_noted=is_noted)


def _clock(
    work: TimedWork,
    whom: Whom,
    measure: Measure,
    regimes: Sequence[Regime],
    happened: Sequence[ClockEvent],
    book: TermBook,
    period: _Period,
) -> SettledClock | None:
    """Return the clock of one promise about one piece of work if it was settled within the period."""
    end_us = to_us(period.known_until)
    stops = STOPS.get(measure, _DONE)
    reading = read_clock(regimes, to_us(work.occurred_at), happened, end_us, stops=stops, warn_share=1.0)
    settled = reading.breached_us if reading.breached_us is not None else reading.stopped_us
    if settled is None or not to_us(period.start) <= settled < end_us:
        return None
    regime = [each for each in regimes if each.from_us <= settled][-1]
    term = book.term_at(work, whom, regime.term_number, settled) if regime.term_number else None
    if term is None or regime.allowed_us is None:
        return None
    return SettledClock(
        operation=work.operation,
        work_key=work.key,
        service=work.service,
        work_class=work.work_class,
        measure=measure,
        term_number=term.term_number,
        term_starts_on=term.starts_on,
        started_at=work.occurred_at,
        settled_at=from_us(settled),
        ended_at=None if reading.stopped_us is None else from_us(reading.stopped_us),
        allowed_minutes=regime.allowed_us / MINUTE_US,
        passed_minutes=reading.passed_us / MINUTE_US,
        held_minutes=reading.held_us / MINUTE_US,
        is_kept=reading.breached_us is None,
        is_noted=False,
        is_tolerated=False,
        holds=_holds(happened, regimes),
    )


def _holds(happened: Sequence[ClockEvent], regimes: Sequence[Regime]) -> tuple[ClockHold, ...]:
    found: list[ClockHold] = []
    ends = (WorkEventKind.RESUMED, WorkEventKind.DONE, WorkEventKind.REOPENED)
    for event in happened:
        if found and found[-1].until_at is None and event.kind in ends:
            found[-1] = replace(found[-1], until_at=from_us(event.at_us))
        elif event.kind is WorkEventKind.HELD:
            known = [regime for regime in regimes if regime.from_us <= event.at_us] or regimes[:1]
            found.append(ClockHold(event.reason, from_us(event.at_us), None, event.reason in known[-1].pause_reasons))
    return tuple(found)


def _obligation(term: Term, period: _Period, book: TermBook, clocks: Sequence[SettledClock]) -> Obligation:
    own = [c for c in clocks if (c.term_number, c.term_starts_on) == (term.term_number, term.starts_on)]
    card, clause = book.clauses.get((term.term_number, term.starts_on), (None, None))
    kept = sum(clock.is_kept for clock in own)
    interval = share_interval(kept, len(own))
    per_point, cap = (clause.penalty_per_point, clause.penalty_cap) if clause else (None, None)
    by_month: dict[date, list[bool]] = defaultdict(list)
    for clock in own:
        by_month[local_day(to_us(clock.settled_at), period.zone).replace(day=1)].append(clock.is_kept)
    months = tuple(
        month_of(
            month,
            by_month[month],
            is_whole=_is_whole(month, period),
            target_share=term.target_share,
            penalty_per_point=per_point,
            penalty_cap=cap,
        )
        for month in months_between(max(period.from_on, term.starts_on), _last(period, term))
    )
    return Obligation(
        term_number=term.term_number,
        contract_number=term.contract_number,
        contract_version=card.version if card else None,
        account_number=term.account_number,
        tier=term.tier,
        operation=term.operation,
        service=term.service,
        work_class=term.work_class,
        measure=term.measure,
        promise=term.sentence,
        pause_reasons=tuple(card.pause_reasons) if card else DEFAULT_PAUSE_REASONS,
        starts_on=term.starts_on,
        ends_on=term.ends_on,
        target_share=term.target_share,
        settled=len(own),
        kept=kept,
        missed=len(own) - kept,
        kept_share=interval.share if interval else None,
        low_share=interval.low_share if interval else None,
        high_share=interval.high_share if interval else None,
        verdict=verdict_of(kept, len(own), term.target_share),
        currency=term.currency,
        months=months,
        credit_per_miss=term.credit_per_miss,
        credits=(len(own) - kept) * term.credit_per_miss if term.credit_per_miss is not None else None,
        penalty_per_point=per_point,
        penalty_cap=cap,
        penalties=total(month.penalty for month in months),
    )


def _last(period: _Period, term: Term) -> date:
    known = local_day(to_us(period.known_until) - 1, period.zone)
    ends = [period.until_on, *([term.ends_on] if term.ends_on else [])]
    return min(*ends, next_month(known))


def _is_whole(month: date, period: _Period) -> bool:
    """Tell whether all of a month lies within the period, and is over."""
    following = next_month(month)
    is_over = to_us(period.at) >= day_starts(following, period.zone)
    return period.from_on <= month and following <= period.until_on and is_over


def _contracts(book: TermBook, account: AccountCard, period: _Period) -> list[ContractCard]:
    """Return the signed versions in force within the period that hold for the account."""
    cards = {card.version_id: card for card, _ in book.clauses.values()}
    holding = [
        card
        for card in cards.values()
        if card.starts_on < period.until_on
        and (card.ends_on is None or card.ends_on > period.from_on)
        and (card.account_number in period.names or (not card.account_number and card.tier in ("", account.tier)))
    ]
    return sorted(holding, key=lambda card: (card.contract_number, card.version))


def _shown(obligations: list[Obligation], account_number: str, by: Actor) -> tuple[Obligation, ...]:
    def of_account(_: object) -> str:
        return account_number

    def months(found: tuple[AdherenceMonth, ...]) -> tuple[AdherenceMonth, ...]:
        return tuple(org.redact(found, by=by, account_of=of_account))

    shown = org.redact(obligations, by=by, account_of=of_account)
    return tuple(replace(each, months=months(each.months)) for each in shown)


def _lines(
    account_number: str, period: _Period, signed: Sequence[ContractCard], by: Actor
) -> tuple[tuple[EvidenceLine, ...], int]:
    """Return what the ledger says of the account in the period, and of its contracts and exceptions then in force."""
    found = {line.entry_id: line for line in _lines_within(account_number, period, by)}
    threads = {card.thread_id for card in signed} | _exception_threads(account_number, period, by)
    for thread_id in sorted(threads):
        for line in decisions.list_entries(by=by, thread_id=thread_id, limit=LINES_AT_ONCE):
            found[line.entry_id] = line
    # Decisions come before what happened to single pieces of work, the latest first.
    ordered = sorted(found.values(), key=lambda line: (line.kind.startswith(_OF_WORK), -line.entry_id))
    kept = sorted(ordered[:MOST_LINES], key=lambda line: line.entry_id)
    return tuple(_line(line) for line in kept), len(ordered) - len(kept)


def _lines_within(account_number: str, period: _Period, by: Actor) -> Iterable[LedgerLine]:
    before: int | None = None
    while True:
        lines = decisions.list_entries(
            by=by,
            account_number=account_number,
            since_at=period.start,
            until_at=period.end,
            before_id=before,
            limit=LINES_AT_ONCE,
        )
        yield from (line for line in lines if line.kind.startswith(BEARING))
        if len(lines) < LINES_AT_ONCE:
            return
        before = lines[-1].entry_id


def _exception_threads(account_number: str, period: _Period, by: Actor) -> set[UUID]:
    cards = decisions.list_exceptions(by=by, at=period.at, account_number=account_number)
    return {card.thread_id for card in cards if card.starts_on < period.until_on and card.until_on >= period.from_on}


def _line(line: LedgerLine) -> EvidenceLine:
    return EvidenceLine(line.entry_id, line.recorded_at, line.kind, line.sentence, line.thread_id, line.leaf_sha256)
