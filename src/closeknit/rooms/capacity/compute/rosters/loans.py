"""Who is lent: staff moves say how many, a roster has to say whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from closeknit.rooms.capacity.compute.moves import MovedStaff
from closeknit.rooms.capacity.compute.rosters.ordering import natural
from closeknit.rooms.capacity.contracts.rosters import RosterLoan


@dataclass(frozen=True, slots=True)
class Lendable:
    """Somebody of a lending pool. `keeps`: looks after customers who may leave; `away`: first and last days."""

    person: str
    keeps: bool
    away: tuple[tuple[date, date], ...]


def who_is_lent(people: Sequence[Lendable], moves: Iterable[MovedStaff]) -> tuple[RosterLoan, ...]:
    """Name the people of one pool for all of its moves: whoever asks, and for whichever weeks, gets the same answer.

    Those who look after customers go last, then those who are away in that time, then the first by number. Of a pool
    with fewer people than it lends, all go. People from outside are numbered.
    """
    found: list[RosterLoan] = []
    for move in sorted(moves, key=lambda each: (each.from_on, each.to_pool, each.until_on, each.units)):
        if not move.from_pool:
            names = [f"outside {number}" for number in range(1, move.units + 1)]
        else:
            taken = {loan.person for loan in found if loan.from_on < move.until_on and move.from_on < loan.until_on}
            free = [each for each in people if each.person not in taken]
            free.sort(key=lambda each: (each.keeps, _is_away(each, move), natural(each.person)))
            names = [each.person for each in free[: move.units]]
        found += [RosterLoan(name, None, move.from_pool, move.to_pool, move.from_on, move.until_on) for name in names]
    return tuple(found)


def _is_away(each: Lendable, move: MovedStaff) -> bool:
    return any(first < move.until_on and move.from_on <= last for first, last in each.away)


def name_there(loan: RosterLoan) -> str:
    """Return what a borrowed person is called on the board of the pool that borrows."""
    return f"{loan.person} of {loan.from_pool}" if loan.from_pool else f"{loan.person} ({loan.from_on:%d.%m.})"
