"""What a roster is made of: the plan in force, its pool's people, their days before, and who may leave."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import msgspec

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.capacity import compute
from closeknit.rooms.capacity.compute import PoolInput
from closeknit.rooms.capacity.compute import rosters as compute_rosters
from closeknit.rooms.capacity.compute.rosters import (
    LabourRules,
    PoolCells,
    RosterInputs,
    RosterStaff,
    RosterTold,
    roster_inputs_of,
)
from closeknit.rooms.capacity.compute.rosters.folding import retention_shift
from closeknit.rooms.capacity.compute.rosters.loans import name_there
from closeknit.rooms.capacity.compute.rosters.problem import is_capable
from closeknit.rooms.capacity.contracts.rosters import (
    BREAK_AFTER_HOURS,
    LEAST_REST_HOURS,
    LONGEST_ROSTER_WEEKS,
    MOST_DAYS_RUNNING,
    MOST_WEEK_HOURS,
    MOST_WEEKENDS,
    RETENTION_ACCOUNTS,
    RETENTION_MINUTES,
    RETENTION_RISK,
    RosterAsked,
    RosterLoan,
    RosterRetention,
    RosterShift,
)
from closeknit.rooms.capacity.models import Plan, Pool, Roster, StaffMember
from closeknit.rooms.capacity.reads.roster_loans import list_roster_loans
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, SettingPlace
from closeknit.rooms.org.contracts.settings import Setting

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
SHORTEST_SHIFT, LONGEST_SHIFT, MOST_SHIFTS = 120, 720, 8
DAYS_LOOKED_BACK = 56
GONE_SHARE = 0.95
EVERY_VALUE = 100_000


@dataclass(frozen=True, slots=True)
class _Weeks:
    first_on: date
    weeks: int

    @property
    def until_on(self) -> date:
        return self.first_on + timedelta(days=7 * self.weeks)


def get_roster_inputs(asked: RosterAsked, *, by: Actor, at: datetime) -> tuple[Plan, Pool, RosterInputs]:
    """Return all that a roster is computed from. Nothing is computed here: what cannot be rostered is refused.

    Raises:
        NotFound: for a pool that is not known, or whose operation has no plan in force.
        Invalid: for weeks outside the plan, shifts that cannot be, or a pool without people.
    """
    by.require(Permission.RUN_PLAN)
    by.require(Permission.READ_PERSONAL)
    pool = Pool.objects.filter(pool=asked.pool).first()
    if pool is None:
        raise NotFound("There is no such pool.", where=asked.pool[:120], todo="See: closeknit capacity pools.")
    plan = Plan.objects.filter(operation=pool.operation, state=Plan.State.COMMITTED).first()
    if plan is None:
        raise NotFound(
            f"No plan of {pool.operation} is in force.", where=pool.operation, todo="Plan it and have it approved."
        )
    weeks = _weeks(asked, plan, at)
    found = compute.inputs_of(bytes(plan.snapshot))
    given = next((each for each in found.pools if each.pool == pool.pool), None)
    cells = compute_rosters.cells_of(bytes(plan.cells), pool.pool)
    if given is None or cells is None:
        raise Invalid(f"The plan in force asks nothing of {pool.name}.", where=pool.pool, todo="Choose another pool.")
    shifts = _shifts(asked, given, weeks.first_on)
    return plan, pool, _inputs(plan, pool, given, cells, shifts, weeks, by, at)


def _inputs(
    plan: Plan,
    pool: Pool,
    given: PoolInput,
    cells: PoolCells,
    shifts: tuple[RosterShift, ...],
    weeks: _Weeks,
    by: Actor,
    at: datetime,
) -> RosterInputs:
    place = pool.setting_place
    loans = list_roster_loans(pool.pool, first_on=weeks.first_on, until_on=weeks.until_on, by=by)
    people = (*_people(pool, weeks, loans), *_borrowed(pool, weeks, loans, place, by, at))
    shrinkage = compute.shrinkage_of(given.shrinkage_parts)
    days = 7 * weeks.weeks
    slots, by_shift = compute_rosters.people_needed(cells, shifts, given.roster, shrinkage, weeks.first_on, days)
    retention = _retention(pool, place, weeks, by, at)
    turn = retention_shift(shifts)
    can_look_after = any(is_capable(person, turn) for person in people)
    asked_for = sum(each.minutes_per_week for each in retention) if can_look_after else 0
    closed = frozenset(given.closed_on)
    turns = compute_rosters.retention_days(asked_for, turn.minutes, shrinkage, closed, weeks.first_on, weeks.weeks)
    return RosterInputs(
        plan_id=str(plan.pk),
        plan_digest=plan.result_digest,
        pool=pool.pool,
        pool_name=pool.name,
        unit=given.unit,
        first_on=weeks.first_on,
        weeks=weeks.weeks,
        shrinkage=str(shrinkage),
        overtime_cost_per_hour=given.overtime_cost_per_hour,
        currency=plan.currency,
        shifts=(*shifts, turn) if any(turns) else shifts,
        slot_people=slots,
        shift_people=by_shift,
        retention_people=turns,
        retention=retention if can_look_after else (),
        rules=_rules(place, by, at),
        people=people,
        assumptions=_assumptions(slots, shifts, shrinkage, len(retention), can_look_after),
        loans=loans,
    )


def _weeks(asked: RosterAsked, plan: Plan, at: datetime) -> _Weeks:
    if not 1 <= asked.weeks <= LONGEST_ROSTER_WEEKS:
        raise Invalid(
            f"A roster covers 1 to {LONGEST_ROSTER_WEEKS} weeks.", where="weeks", todo="Make one after another."
        )
    last = plan.first_on + timedelta(days=7 * (plan.weeks - asked.weeks))
    monday = at.date() + timedelta(days=-at.date().weekday() % 7)
    usual = monday if plan.first_on <= monday <= last else plan.first_on
    first_on = asked.first_on or usual
    if first_on.weekday():
        raise Invalid("A roster begins on a Monday.", where="first_on", todo=f"Give {usual}, or another Monday.")
    if not plan.first_on <= first_on <= last:
        todo = f"Give fewer weeks, or a Monday from {plan.first_on} to {last}, or plan further ahead."
        raise Invalid("The plan in force does not cover these weeks.", where="first_on", todo=todo)
    return _Weeks(first_on, asked.weeks)


def _shifts(asked: RosterAsked, given: PoolInput, first_on: date) -> tuple[RosterShift, ...]:
    if not asked.shifts:
        found = compute_rosters.shifts_of_lines(given.roster, first_on)
        if not found or len(found) > MOST_SHIFTS:
            raise Invalid(
                f"The lines of {given.name} make {len(found)} shifts.",
                where="shifts",
                todo=f"Say 1 to {MOST_SHIFTS}, such as 08:00-16:30.",
            )
        return found
    if len(asked.shifts) > MOST_SHIFTS:
        raise Invalid("There are too many shifts.", where="shifts", todo=f"Give at most {MOST_SHIFTS}.")
    return compute_rosters.shifts_of(_span(text) for text in asked.shifts)


def _span(text: str) -> tuple[int, int]:
    found = SPAN.fullmatch(text.strip())
    if found is None:
        raise Invalid(f"{text[:40]!r} is no shift.", where="shifts", todo="Write it as 08:00-16:30.")
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    minutes = (end - start - 1) % 1440 + 1
    if end > 1440 or not SHORTEST_SHIFT <= minutes <= LONGEST_SHIFT:
        raise Invalid(f"{text[:40]!r} is too short or too long.", where="shifts", todo="Give shifts of 2 to 12 hours.")
    return start, minutes


def _value(setting: Setting, place: SettingPlace, by: Actor, at: datetime) -> float:
    return float(org.get_settings(setting, [place], at=at, by=by)[0].value)


def _rules(place: SettingPlace, by: Actor, at: datetime) -> LabourRules:
    return LabourRules(
        most_week_minutes=round(60 * _value(MOST_WEEK_HOURS, place, by, at)),
        least_rest_minutes=round(60 * _value(LEAST_REST_HOURS, place, by, at)),
        most_days_running=round(_value(MOST_DAYS_RUNNING, place, by, at)),
        most_weekends=round(_value(MOST_WEEKENDS, place, by, at)),
        break_after_minutes=round(60 * _value(BREAK_AFTER_HOURS, place, by, at)) % 1440,
    )


def _people(pool: Pool, weeks: _Weeks, loans: tuple[RosterLoan, ...]) -> tuple[RosterStaff, ...]:
    rows = list(StaffMember.objects.filter(pool=pool, is_active=True).order_by("person"))
    if not rows:
        todo = "Load a file of its people first: closeknit capacity rosters staff POOL FILE."
        raise Invalid(f"Nobody is known to work in {pool.name}.", where=pool.pool, todo=todo)
    away = _absent_days({row.person_key for row in rows if row.person_key}, weeks, ZoneInfo(pool.time_zone))
    before = _history(pool.pool, weeks.first_on)
    out = _lent_days([loan for loan in loans if loan.from_pool == pool.pool], weeks)
    lent = {loan.person: name_there(loan) for loan in loans if loan.from_pool == pool.pool}
    there = {loan.to_pool: _history(loan.to_pool, weeks.first_on) for loan in loans if loan.from_pool == pool.pool}
    for loan in loans:
        if loan.from_pool == pool.pool:
            before.setdefault(loan.person, {}).update(there[loan.to_pool].get(lent[loan.person], {}))
    return tuple(
        _person(row, weeks, away.get(row.person_key, set()) | out.get(row.person, set()), before.get(row.person, {}))
        for row in rows
    )


def _lent_days(loans: Iterable[RosterLoan], weeks: _Weeks) -> dict[str, set[date]]:
    days = [weeks.first_on + timedelta(days=d) for d in range(7 * weeks.weeks)]
    found: dict[str, set[date]] = {}
    for loan in loans:
        found.setdefault(loan.person, set()).update(day for day in days if loan.from_on <= day < loan.until_on)
    return found


def _borrowed(
    pool: Pool, weeks: _Weeks, loans: tuple[RosterLoan, ...], place: SettingPlace, by: Actor, at: datetime
) -> list[RosterStaff]:
    """Return those lent to this pool, away on the days that they are not; one from outside works any shift."""
    days = {weeks.first_on + timedelta(days=d) for d in range(7 * weeks.weeks)}
    here = _history(pool.pool, weeks.first_on)
    mine = [loan for loan in loans if loan.to_pool == pool.pool]
    full = round(60 * _value(MOST_WEEK_HOURS, place, by, at))
    found: list[RosterStaff] = []
    for name, loan in {name_there(loan): loan for loan in mine}.items():
        elsewhere = days - _lent_days((each for each in mine if name_there(each) == name), weeks)[loan.person]
        row = StaffMember.objects.select_related("pool").filter(pool__pool=loan.from_pool, person=loan.person).first()
        if row is None:
            row, absent, before = StaffMember(person=name, week_minutes=full), set[date](), here.get(name, {})
        else:
            before = {**_history(loan.from_pool, weeks.first_on).get(loan.person, {}), **here.get(name, {})}
            keys = {row.person_key} - {""}
            absent = _absent_days(keys, weeks, ZoneInfo(row.pool.time_zone)).get(row.person_key, set())
        found.append(replace(_person(row, weeks, absent | elsewhere, before), person=name))
    return found


def _person(row: StaffMember, weeks: _Weeks, absent: set[date], before: Mapping[date, RosterShift]) -> RosterStaff:
    days = [weeks.first_on + timedelta(days=d) for d in range(7 * weeks.weeks)]
    spans = [tuple(date.fromisoformat(text) for text in span.split("..")) for span in row.away]
    away = tuple(day for day in days if day in absent or any(first <= day <= last for first, last in spans))
    run = 0
    while weeks.first_on - timedelta(days=run + 1) in before:
        run += 1
    last = before.get(weeks.first_on - timedelta(days=1))
    weekends = [{weeks.first_on - timedelta(days=7 * k + d) for d in (1, 2)} for k in (2, 1, 0)]
    return RosterStaff(
        person=row.person,
        skills=tuple(row.skills),
        week_minutes=row.week_minutes,
        shift_starts=tuple(_minute(text) for text in row.shift_starts),
        wants=tuple(_wish(text) for text in row.wants),
        avoids=tuple(_wish(text) for text in row.avoids),
        away_on=away,
        recent_turns=sum(bool(shift.role) for shift in before.values()),
        weekends_before=tuple(bool(days & before.keys()) for days in weekends),
        days_on_before=run,
        last_ends_minute=last.starts_minute + last.minutes if last else 0,
    )


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _wish(text: str) -> tuple[int, int]:
    day, _, start = text.partition(" ")
    if day in WEEKDAYS:
        return WEEKDAYS.index(day), _minute(start) if start else -1
    return -1, _minute(day)


def _absent_days(keys: set[str], weeks: _Weeks, zone: ZoneInfo) -> dict[str, set[date]]:
    """Return the days on which people who sign in here are away, also for a part; why is nobody's business."""
    if not keys:
        return {}
    starts_at = datetime.combine(weeks.first_on, time(), zone).astimezone(UTC)
    found: dict[str, set[date]] = {}
    for absence in org.list_absences(since_at=starts_at, by=org.system_actor()):
        ends_at = min(absence.ends_at, absence.ended_at or absence.ends_at)
        first, last = (moment.astimezone(zone) for moment in (absence.starts_at, ends_at - timedelta(microseconds=1)))
        if absence.person_key in keys and first <= last:
            days = range(max((first.date() - weeks.first_on).days, 0), (last.date() - weeks.first_on).days + 1)
            inside = (weeks.first_on + timedelta(days=d) for d in days if d < 7 * weeks.weeks)
            found.setdefault(absence.person_key, set()).update(inside)
    return found


def _history(pool: str, first_on: date) -> dict[str, dict[date, RosterShift]]:
    """Return who worked what in the weeks before, by the rosters published."""
    found: dict[str, dict[date, RosterShift]] = {}
    rows = Roster.objects.filter(
        pool=pool, state=Roster.State.PUBLISHED, first_on__lt=first_on, first_on__gte=first_on - timedelta(days=84)
    )
    for row in rows.order_by("first_on"):
        shifts = {shift.code: shift for shift in roster_inputs_of(bytes(row.inputs)).shifts}
        for person in msgspec.convert(row.told, RosterTold).people:
            for number, code in enumerate(person.shifts):
                day = row.first_on + timedelta(days=number)
                if code and first_on - timedelta(days=DAYS_LOOKED_BACK) <= day < first_on:
                    found.setdefault(person.person, {})[day] = shifts[code]
    return found


def _retention(pool: Pool, place: SettingPlace, weeks: _Weeks, by: Actor, at: datetime) -> tuple[RosterRetention, ...]:
    """Return the accounts that may leave, the most valuable first, without those another pool looks after."""
    minutes = round(_value(RETENTION_MINUTES, place, by, at))
    most = round(_value(RETENTION_ACCOUNTS, place, by, at))
    if not minutes or not most:
        return ()
    risk = _value(RETENTION_RISK, place, by, at)
    elsewhere = _looked_after(pool.pool, weeks)
    found: list[RosterRetention] = []
    for value in customers.list_values(by=by, at=at, limit=EVERY_VALUE):
        leaves = 1.0 - value.chance_to_stay if value.chance_to_stay is not None else 0.0
        if risk <= leaves <= GONE_SHARE and value.account_number not in elsewhere and len(found) < most:
            why = f"{value.account_number} may leave: the chance is {leaves:.0%}, so it gets {minutes} minutes a week."
            found.append(RosterRetention(value.account_number, round(leaves, 6), minutes, why))
    return tuple(found)


def _looked_after(pool: str, weeks: _Weeks) -> set[str]:
    rows = Roster.objects.filter(state=Roster.State.PUBLISHED, first_on__lt=weeks.until_on).exclude(pool=pool)
    return {
        each.account_number
        for row in rows.filter(first_on__gt=weeks.first_on - timedelta(days=7 * LONGEST_ROSTER_WEEKS))
        if row.first_on + timedelta(days=7 * row.weeks) > weeks.first_on
        for each in roster_inputs_of(bytes(row.inputs)).retention
    }


def _assumptions(
    slots: tuple[tuple[int, ...], ...],
    shifts: tuple[RosterShift, ...],
    shrinkage: Fraction,
    at_risk: int,
    can_look_after: bool,
) -> tuple[str, ...]:
    worked = f"{1 - float(shrinkage):.4g}"
    said = [
        f"The plan's productive hours are divided by {worked}: the rest of the time goes to breaks and the like.",
        "Breaks of half an hour are placed after the shifts, so that least is missing; hours hold them.",
        "Weeks are rostered one after another: each is as good as its bound says beside the weeks before it.",
        "Nobody is rostered beyond what is needed: hours of a contract that are left stay free.",
        "Points: 10 for a person missing for half an hour, 1 for one too many, 20 for a wish not kept.",
        "Retention turns go to whoever had the fewest in eight weeks: 15 points for each turn away from that.",
    ]
    if slots:
        said.append("The need follows the plan half-hour by half-hour, each rounded up to whole people.")
        unreached = sum(sum(people for slot, people in enumerate(day) if not _reached(slot, shifts)) for day in slots)
        if unreached:
            said.append(f"No shift reaches {unreached / 2:g} h of the need: add a shift, or leave it open.")
    else:
        said.append("A day's hours become whole people, spread over its shifts as the pool's own lines are.")
    if at_risk and not can_look_after:
        said.append(
            f"{at_risk} accounts may leave, but nobody here has the skill retention: give it in the staff file."
        )
    return tuple(said)


def _reached(slot: int, shifts: tuple[RosterShift, ...]) -> bool:
    minute = 30 * slot
    return any(
        s.starts_minute <= m and m + 30 <= s.starts_minute + s.minutes for s in shifts for m in (minute, minute + 1440)
    )
