"""Staff lent between pools, as their rosters take it."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from closeknit.kernel.actor import Actor
from closeknit.rooms.capacity.compute.moves import MovedStaff
from closeknit.rooms.capacity.compute.rosters.loans import Lendable, who_is_lent
from closeknit.rooms.capacity.contracts.rosters import RETENTION, RosterLoan
from closeknit.rooms.capacity.models import StaffMember, StaffMove
from closeknit.rooms.org.contracts import Permission


def list_roster_loans(pool: str, *, first_on: date, until_on: date, by: Actor) -> tuple[RosterLoan, ...]:
    """Return who of a pool works elsewhere on some of the days, and who of elsewhere works in it, by moves in force."""
    by.require(Permission.READ_CAPACITY)
    in_force = StaffMove.objects.filter(in_force_at__isnull=False)
    here = in_force.filter(Q(from_pool=pool) | Q(to_pool=pool), from_on__lt=until_on, until_on__gt=first_on)
    lenders = sorted(set(here.values_list("from_pool", flat=True)))
    found: list[RosterLoan] = []
    for lender in lenders:
        rows = in_force.filter(from_pool=lender).order_by("pk")
        # People from outside are numbered by the pool that they come to.
        moves = [_move(row) for row in (rows if lender else rows.filter(to_pool=pool))]
        found += who_is_lent(_people(lender), moves)
    return tuple(_of(pool, first_on, until_on, found))


def _of(pool: str, first_on: date, until_on: date, loans: Iterable[RosterLoan]) -> list[RosterLoan]:
    mine = (loan for loan in loans if pool in (loan.from_pool, loan.to_pool))
    return [loan for loan in mine if loan.from_on < until_on and first_on < loan.until_on]


def _move(row: StaffMove) -> MovedStaff:
    return MovedStaff(row.from_pool, row.to_pool, row.units, row.from_on, row.until_on)


def _people(pool: str) -> list[Lendable]:
    rows = StaffMember.objects.filter(pool__pool=pool, is_active=True).order_by("person")
    return [Lendable(row.person, RETENTION in row.skills, tuple(_span(text) for text in row.away)) for row in rows]


def _span(text: str) -> tuple[date, date]:
    first, _, last = text.partition("..")
    return date.fromisoformat(first), date.fromisoformat(last)
