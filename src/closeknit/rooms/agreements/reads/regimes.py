"""Which terms, calendars and pauses hold for a piece of work at each instant of its life."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from closeknit.kernel.actor import Actor
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


@dataclass(slots=True)
class TermBook:
    """Every version of every term that may hold for some accounts, with the calendars of their contracts."""

    terms: dict[tuple[str, str], list[Term]]
    clauses: dict[tuple[str, date], tuple[ContractCard, Clause]]
    calendars: dict[str, tuple[Timetable, ...]]
    zones: dict[str, str]
    closures: dict[str, frozenset[date]]
    stretches: dict[tuple[str, str, str], _Stretch] = field(default_factory=dict)

    def measures(self, work: TimedWork) -> list[Measure]:
        """Return what is promised, at any time, about such work."""
        return sorted({term.measure for term in self._candidates(work.operation, work.account_number)})

    def regimes(self, work: TimedWork, whom: Whom, measure: Measure, events: Sequence[ClockEvent]) -> list[Regime]:
        """Return what holds from when on: by the versions in force, and by the priority the work then had.

        An event of a changed priority carries the class of work in its `reason`.
        """
        terms = [t for t in self._candidates(work.operation, work.account_number) if t.measure is measure]
        started = to_us(work.occurred_at)
        changes = [(e.at_us, e.reason) for e in events if e.kind is WorkEventKind.PRIORITY and e.at_us >= started]
        points = {started, *(at for at, _ in changes)}
        for term in terms:
            zone = self._zone(term, whom)
            days = (term.starts_on, term.ends_on)
            points |= {us for day in days if day is not None and (us := day_starts(day, zone)) > started}
        found: list[Regime] = []
        for point in sorted(points):
            work_class = next((name for at, name in reversed(changes) if at <= point), work.work_class)
            held = [t for t in terms if self._holds(t, whom, point)]
            picked = pick_term(
                held,
                account_number=work.account_number,
                tier=whom.tier,
                service=work.service,
                work_class=work_class,
            )
            found.append(self._regime(point, picked, whom))
        return found

    def term_at(self, work: TimedWork, whom: Whom, term_number: str, at_us: int) -> Term | None:
        """Return the version of a term in force at an instant."""
        terms = self._candidates(work.operation, work.account_number)
        return next((t for t in terms if t.term_number == term_number and self._holds(t, whom, at_us)), None)

    def _candidates(self, operation: str, account_number: str) -> list[Term]:
        return [*self.terms.get((operation, ""), []), *self.terms.get((operation, account_number), [])]

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
    rows = TermRow.objects.filter(operation__in=list(operations), account_number__in=numbers)
    for row in rows.select_related("contract").order_by("term_number", "starts_on"):
        holder = golden.get(row.account_number, row.account_number)
        terms[row.operation, holder].append(term_of(row, holder))
    signed = ContractVersion.objects.filter(state=ContractState.SIGNED.value, account_number__in=numbers)
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
