"""Which terms, calendars and pauses hold for a piece of work at each instant of its life."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from closeknit.kernel.actor import Actor
from closeknit.kernel.among import among
from closeknit.rooms.agreements.compute import (
    ClockEvent,
    OpenTime,
    Regime,
    Timetable,
    day_starts,
    from_us,
    holidays_between,
    local_day,
    open_time,
    to_us,
)
from closeknit.rooms.agreements.contracts.calendars import MINUTES_PER_DAY, WORKING_DAYS
from closeknit.rooms.agreements.contracts.clocks import WorkEventKind
from closeknit.rooms.agreements.contracts.deals import DEFAULT_PAUSE_REASONS, Clause, ContractCard, ContractState
from closeknit.rooms.agreements.contracts.terms import Clock, Measure, Term, pick_term
from closeknit.rooms.agreements.models import CalendarRow, ContractVersion, TermRow
from closeknit.rooms.agreements.reads.calendars import calendar_of
from closeknit.rooms.agreements.reads.contracts import contract_of
from closeknit.rooms.agreements.reads.terms import term_of
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import FactKind
from closeknit.rooms.sensing.contracts.timed_work import TimedWork

MINUTE_US = 60_000_000
AHEAD = timedelta(days=5 * 366)
_WHOLE_DAYS = (((0, MINUTES_PER_DAY),),) * 5 + ((), ())
_DAWN = date(1970, 1, 1)
_EVER = -(2**62)


@dataclass(frozen=True, slots=True)
class Whom:
    """What picking a term asks of an account: its tier, and the time zone of its days ("" where nobody said)."""

    account_number: str
    tier: str
    time_zone: str
    region: str


@dataclass(slots=True)
class _Stretch:
    """A calendar's open time, worked out once and wider when it is asked for more."""

    timetables: tuple[Timetable, ...]
    zone: str
    known: OpenTime | None = None

    def over(self, start: int, end: int) -> OpenTime:
        if self.known is None or start < self.known.from_us or end > self.known.until_us:
            low = min(start, self.known.from_us if self.known else start)
            high = max(end, self.known.until_us if self.known else end)
            self.known = open_time(self.timetables, self.zone, low, high)
        return self.known


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The terms that may hold for an account's work in an operation, and what they promise."""

    terms: list[Term]
    measures: list[Measure]
    has_own: bool


@dataclass(frozen=True, slots=True)
class _Line:
    """What holds for one kind of work, from ever on: each regime from its start."""

    starts: list[int]
    regimes: list[Regime]


@dataclass(slots=True)
class TermBook:
    """Every version of every term that may hold for some accounts, with the calendars of their contracts."""

    terms: dict[tuple[str, str], list[Term]]
    clauses: dict[tuple[str, date], tuple[ContractCard, Clause]]
    calendars: dict[str, tuple[Timetable, ...]]
    zones: dict[str, str]
    closures: dict[str, frozenset[date]]
    stretches: dict[tuple[str, str, str], _Stretch] = field(default_factory=dict)
    candidates: dict[tuple[str, str], _Candidates] = field(default_factory=dict)
    lines: dict[tuple[str, ...], _Line] = field(default_factory=dict)
    found: dict[tuple[str, str, str, str, int], Term | None] = field(default_factory=dict)
    sentences: dict[tuple[str, date], str] = field(default_factory=dict)

    def measures(self, work: TimedWork) -> list[Measure]:
        """Return what is promised, at any time, about such work."""
        return self._candidates(work.operation, work.account_number).measures

    def regimes(self, work: TimedWork, whom: Whom, measure: Measure, events: Sequence[ClockEvent]) -> list[Regime]:
        """Return what holds from when on: by the versions in force, and by the priority the work then had.

        An event of a changed priority carries the class of work in its `reason`.
        """
        started = to_us(work.occurred_at)
        changes = [(e.at_us, e.reason) for e in events if e.kind is WorkEventKind.PRIORITY and e.at_us >= started]
        found: list[Regime] = []
        # The class that the work came with holds from its start, each later one from its change on.
        classes = [(started, work.work_class), *changes]
        ends: list[int | None] = [*(at for at, _ in changes), None]
        for (since, work_class), until in zip(classes, ends, strict=True):
            line = self._line(work, whom, measure, work_class)
            first = bisect_right(line.starts, since) - 1
            last = len(line.starts) if until is None else bisect_left(line.starts, until)
            if until is None or until > since:
                held = line.regimes[first]
                found.append(Regime(since, held.allowed_us, held.calendar, held.pause_reasons, held.term_number))
                found += line.regimes[first + 1 : last]
        return found

    def term_at(self, work: TimedWork, whom: Whom, term_number: str, at_us: int) -> Term | None:
        """Return the version of a term in force at an instant."""
        candidates = self._candidates(work.operation, work.account_number)
        account = work.account_number if candidates.has_own else ""
        key = (work.operation, account, whom.time_zone, term_number, at_us)
        if key not in self.found:
            held = (t for t in candidates.terms if t.term_number == term_number and self._holds(t, whom, at_us))
            self.found[key] = next(held, None)
        return self.found[key]

    def say(self, term: Term) -> str:
        """Say a promise as a person would; the same one is said of much work."""
        key = (term.term_number, term.starts_on)
        if key not in self.sentences:
            self.sentences[key] = term.sentence
        return self.sentences[key]

    def _candidates(self, operation: str, account_number: str) -> _Candidates:
        own = self.terms.get((operation, account_number), []) if account_number else []
        key = (operation, account_number if own else "")
        if key not in self.candidates:
            terms = [*self.terms.get((operation, ""), []), *own]
            self.candidates[key] = _Candidates(terms, sorted({term.measure for term in terms}), bool(own))
        return self.candidates[key]

    def _line(self, work: TimedWork, whom: Whom, measure: Measure, work_class: str) -> _Line:
        """Return what holds for work of one kind, whenever it came: worked out once for all work of that kind."""
        candidates = self._candidates(work.operation, work.account_number)
        # Accounts without terms of their own differ by tier, zone and region alone.
        account = work.account_number if candidates.has_own else ""
        key = (work.operation, account, work.service, work_class, measure, whom.tier, whom.time_zone, whom.region)
        if key not in self.lines:
            terms = [term for term in candidates.terms if term.measure is measure]
            self.lines[key] = self._drawn(terms, work, whom, work_class)
        return self.lines[key]

    def _drawn(self, terms: Sequence[Term], work: TimedWork, whom: Whom, work_class: str) -> _Line:
        points: set[int] = set()
        for term in terms:
            zone = self._zone(term, whom)
            points |= {day_starts(day, zone) for day in (term.starts_on, term.ends_on) if day is not None}
        regimes: list[Regime] = []
        for point in (min(points, default=0) - 1, *sorted(points)):
            picked = pick_term(
                [term for term in terms if self._holds(term, whom, point)],
                account_number=work.account_number,
                tier=whom.tier,
                service=work.service,
                work_class=work_class,
            )
            regimes.append(self._regime(point, picked, whom))
        return _Line([_EVER, *sorted(points)], regimes)

    def _holds(self, term: Term, whom: Whom, at_us: int) -> bool:
        day = local_day(at_us, self._zone(term, whom))
        return term.starts_on <= day and (term.ends_on is None or day < term.ends_on)

    def _zone(self, term: Term, whom: Whom) -> str:
        signed = self.clauses.get((term.term_number, term.starts_on))
        return (signed[0].time_zone if signed else whom.time_zone) or "UTC"

    def _regime(self, at_us: int, term: Term | None, whom: Whom) -> Regime:
        if term is None:
            return Regime(at_us, None, None, frozenset(), "")
        signed = self.clauses.get((term.term_number, term.starts_on))
        minutes = signed[1].within_minutes if signed else term.threshold_minutes
        reasons = frozenset(signed[0].pause_reasons if signed else DEFAULT_PAUSE_REASONS)
        calendar = None
        if term.clock is Clock.BUSINESS:
            key = signed[0].calendar if signed else WORKING_DAYS
            calendar = self._calendar(key, self._zone(term, whom), whom.region)
        return Regime(at_us, round(minutes * MINUTE_US), calendar, reasons, term.term_number)

    def _calendar(self, key: str, zone: str, region: str) -> Callable[[int, int], OpenTime]:
        name = (key, zone, "" if key else region)
        if name not in self.stretches:
            if key:
                self.stretches[name] = _Stretch(self.calendars[key], self.zones[key] or zone)
            else:
                closed = self.closures.get(region, frozenset()) | self.closures.get("", frozenset())
                self.stretches[name] = _Stretch((Timetable(_DAWN, _WHOLE_DAYS, closed),), zone)
        return self.stretches[name].over


def open_book(
    operations: Iterable[str], accounts: Iterable[str], *, golden: Mapping[str, str], at: datetime, system: Actor
) -> TermBook:
    """Return what may hold for the work of some accounts, by a few queries.

    `golden` says which account the numbers stand for that were merged away; their terms count as its own.
    """
    wanted = set(accounts)
    numbers = ["", *wanted, *(number for number, kept in golden.items() if kept in wanted)]
    terms: dict[tuple[str, str], list[Term]] = defaultdict(list)
    rows = TermRow.objects.filter(operation__in=list(operations), account_number__in=among(numbers))
    for row in rows.select_related("contract").order_by("term_number", "starts_on"):
        holder = golden.get(row.account_number, row.account_number)
        terms[row.operation, holder].append(term_of(row, holder))
    signed = ContractVersion.objects.filter(state=ContractState.SIGNED.value, account_number__in=among(numbers))
    cards = [contract_of(row) for row in signed]
    closures: dict[str, set[date]] = defaultdict(set)
    for fact in sensing.list_facts(FactKind.CLOSURE, by=system):
        closures[fact.body["region"]].add(date.fromisoformat(fact.body["closed_on"]))
    calendars, zones = _calendars(at)
    return TermBook(
        terms=dict(terms),
        clauses={(clause.term_number, card.starts_on): (card, clause) for card in cards for clause in card.clauses},
        calendars=calendars,
        zones=zones,
        closures={region: frozenset(days) for region, days in closures.items()},
    )


def _calendars(at: datetime) -> tuple[dict[str, tuple[Timetable, ...]], dict[str, str]]:
    until = (at + AHEAD).date()
    found: dict[str, tuple[Timetable, ...]] = {}
    zones: dict[str, str] = {}
    for row in CalendarRow.objects.order_by("key", "from_on"):
        calendar = calendar_of(row)
        minutes = tuple(
            tuple((o.from_minute, o.to_minute) for o in calendar.openings if o.weekday == weekday)
            for weekday in range(7)
        )
        closed = holidays_between(calendar.holidays_of, calendar.from_on, until) | set(calendar.closed_on)
        found[row.key] = (*found.get(row.key, ()), Timetable(calendar.from_on, minutes, frozenset(closed)))
        zones[row.key] = calendar.time_zone
    return found, zones


def moment(us: int | None) -> datetime | None:
    """Return an instant from its microseconds."""
    return None if us is None else from_us(us)
