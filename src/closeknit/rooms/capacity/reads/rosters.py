"""Rosters and who works in a pool. About people and all of a pool's need: for who sees every account."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec
from django.db.models import QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.capacity.compute.rosters import (
    RosterInputs,
    RosterTold,
    ask_why_not,
    breaks_of,
    roster_inputs_of,
)
from closeknit.rooms.capacity.compute.rosters.loans import name_there
from closeknit.rooms.capacity.compute.rosters.ordering import natural
from closeknit.rooms.capacity.contracts.rosters import (
    RosterBoard,
    RosterCard,
    RosterState,
    RosterWhyNot,
    StaffCard,
)
from closeknit.rooms.capacity.models import Roster, StaffMember
from closeknit.rooms.capacity.reads.roster_loans import list_roster_loans
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact

Card = TypeVar("Card")


def list_rosters(*, by: Actor, pool: str = "", state: RosterState | None = None, limit: int = 50) -> list[RosterCard]:
    """Return rosters, newest first; none for who sees only some accounts."""
    rows = _visible(by)
    if pool:
        rows = rows.filter(pool=pool)
    if state is not None:
        rows = rows.filter(state=state.value)
    return _shown([_card(row, *_read(row)) for row in rows.order_by("-made_at", "-pk")[:limit]], by)


def get_roster_board(roster_id: UUID, *, by: Actor) -> RosterBoard:
    """Return a roster whole, or raise NotFound where there is none that the actor may see."""
    row = find_roster_row(roster_id, by=by)
    inputs, told = _read(row)
    until_on = row.first_on + timedelta(days=7 * row.weeks)
    loans_now = list_roster_loans(row.pool, first_on=row.first_on, until_on=until_on, by=by)
    names, loans = _names(row.pool, by), []
    for loan in inputs.loans:
        at_home = _names(loan.from_pool, by).get(loan.person, loan.person)
        names.setdefault(name_there(loan), at_home)
        loans.append(replace(loan, name=at_home))
    breaks, breaks_short = breaks_of(inputs, told)
    people = [replace(person, name=names.get(person.person, person.person)) for person in told.people]
    return RosterBoard(
        card=_shown([_card(row, inputs, told)], by)[0],
        shifts=inputs.shifts,
        days=told.days,
        people=tuple(sorted(_shown(people, by), key=lambda each: natural(each.person))),
        gaps=tuple(_shown(told.gaps, by)),
        retention=tuple(redact(list(inputs.retention), by=by, seen_by=Permission.READ_CAPACITY)),
        weeks=told.weeks,
        loans=tuple(_shown(loans, by)),
        loans_changed=set(loans_now) != set(inputs.loans),
        breaks=breaks,
        breaks_short_hours=breaks_short,
    )


def find_roster_of_thread(thread_id: UUID, *, by: Actor) -> RosterCard | None:
    """Return the roster that a thread made, or found to stand unchanged; None while there is none."""
    row = _visible(by).filter(thread_id=thread_id).first()
    if row is None:
        lines = decisions.list_entries(by=by, thread_id=thread_id, limit=1000)
        stands = next((line for line in reversed(lines) if line.kind == "roster.unchanged"), None)
        row = _visible(by).filter(pk=stands.subject.partition(":")[2]).first() if stands else None
    return _shown([_card(row, *_read(row))], by)[0] if row else None


def get_roster_why_not(roster_id: UUID, *, person: str, day_on: date, shift: str = "", by: Actor) -> RosterWhyNot:
    """Return why a person does not work a shift (its code; "": why not off) on a day of a roster.

    Raises:
        NotFound: for a roster that the actor may not see.
        Invalid: for a person, day or shift that the roster has not.
    """
    row = find_roster_row(roster_id, by=by)
    inputs, told = _read(row)
    if person not in {each.person for each in inputs.people}:
        raise Invalid("The roster has no such person.", where="person", todo="Give the number as on the board.")
    if not row.first_on <= day_on < row.first_on + timedelta(days=7 * row.weeks):
        raise Invalid("The roster does not cover this day.", where="day_on", todo=f"Give one from {row.first_on} on.")
    codes = [each.code for each in inputs.shifts]
    if shift and shift not in codes:
        raise Invalid("The roster has no such shift.", where="shift", todo=f"Give one of {', '.join(codes)}.")
    return ask_why_not(inputs, told, person, day_on, shift)


def list_staff(pool: str = "", *, by: Actor) -> list[StaffCard]:
    """Return who works in a pool, or in any, by number; none for who sees only some accounts."""
    by.require(Permission.READ_CAPACITY)
    if not by.scope_of(Permission.READ_CAPACITY).every_account:
        return []
    rows = StaffMember.objects.filter(is_active=True).select_related("pool")
    if pool:
        rows = rows.filter(pool__pool=pool)
    ordered = sorted(rows, key=lambda row: (natural(row.pool.pool), natural(row.person)))
    return _shown([_staff(row) for row in ordered], by)


def find_roster_row(roster_id: UUID, *, by: Actor) -> Roster:
    """Return a roster's row, or raise NotFound where there is none that the actor may see."""
    row = _visible(by).filter(pk=roster_id).first()
    if row is None:
        raise NotFound("There is no such roster.", where=str(roster_id))
    return row


def _visible(by: Actor) -> "QuerySet[Roster]":
    by.require(Permission.READ_CAPACITY)
    rows = Roster.objects.all()
    return rows if by.scope_of(Permission.READ_CAPACITY).every_account else rows.none()


def _read(row: Roster) -> tuple[RosterInputs, RosterTold]:
    return roster_inputs_of(bytes(row.inputs)), msgspec.convert(row.told, RosterTold)


def _names(pool: str, by: Actor) -> dict[str, str]:
    if not by.may(Permission.READ_PERSONAL):
        return {}
    return dict(StaffMember.objects.filter(pool__pool=pool).values_list("person", "person_name"))


def _shown(cards: Sequence[Card], by: Actor) -> list[Card]:
    return redact(list(cards), by=by, account_of=None, seen_by=Permission.READ_CAPACITY)


def _card(row: Roster, inputs: RosterInputs, told: RosterTold) -> RosterCard:
    need, covered, short = (
        sum(getattr(day, name) for day in told.days) for name in ("need_hours", "covered_hours", "short_hours")
    )
    points, bound, gap = (
        sum(getattr(week, name) for week in told.weeks) for name in ("points", "bound_points", "gap_points")
    )
    return RosterCard(
        roster_id=row.pk,
        thread_id=row.thread_id,
        plan_id=row.plan_id,
        operation=row.operation,
        pool=row.pool,
        pool_name=row.pool_name,
        state=RosterState(row.state),
        first_on=row.first_on,
        weeks=row.weeks,
        people=len(told.people),
        need_hours=need,
        covered_hours=covered,
        short_hours=short,
        coverage_share=covered / need if need else 1.0,
        points=points,
        bound_points=bound,
        gap_points=gap,
        wishes=told.wishes,
        wishes_kept=told.wishes_kept,
        currency=inputs.currency,
        made_at=row.made_at,
        made_by=row.made_by_name,
        published_at=row.published_at,
        published_by=row.published_by_name,
        reason=row.reason,
        inputs_digest=row.inputs_digest,
        result_digest=row.result_digest,
        code_version=row.code_version,
        assumptions=inputs.assumptions,
    )


def _staff(row: StaffMember) -> StaffCard:
    return StaffCard(
        pool=row.pool.pool,
        person=row.person,
        name=row.person_name,
        skills=tuple(row.skills),
        week_hours=row.week_minutes / 60.0,
        shift_starts=tuple(row.shift_starts),
        wants=tuple(row.wants),
        avoids=tuple(row.avoids),
        away=tuple(row.away),
    )
