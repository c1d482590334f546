"""Search for a cheap roster: everyone once, then a few people at a time, taken out and put back at their best."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, whole_number
from closeknit.engine.compiled import run
from closeknit.engine.errors import EngineInputError
from closeknit.engine.rostering.check import RosterCheck, check_roster, people_by_row, roster_of, turns_of
from closeknit.engine.rostering.problem import RosterProblem
from closeknit.engine.rostering.reasons import find_roster_conflicts
from closeknit.engine.rostering.room import Room, room_of
from closeknit.engine.rostering.roster_kernels import search

MOST_AT_ONCE = 4
NOISES = 65_537
MOST_ITERATIONS = 10**8


@dataclass(frozen=True, slots=True, eq=False)
class Roster:
    """A roster `shift[person, day]` (-1: off) with its check; `is_replayable` unless a clock ended the search."""

    shift: IntArray
    check: RosterCheck
    iterations: int
    is_replayable: bool

    @property
    def cost(self) -> float:
        """Pay, requests, cover and turns; least cover that is missed is not in it but among `check.broken`."""
        return self.check.cost


def start_roster(problem: RosterProblem) -> Roster:
    """A roster at once: one person after another gets the days that are best beside those before.

    Everyone's own rules are kept; least cover is kept where this comes to it. Refuses a problem in which somebody has
    no days that keep all rules, and names the rules.

    >>> problem = RosterProblem.of(
    ...     shift_start_minutes=[360, 840], shift_minutes=480, can_work=[[True, True]] * 3,
    ...     need=[[1, 1]] * 3,
    ...     least_rest_minutes=660, most_shifts=2,
    ... )
    >>> found = start_roster(problem)
    >>> found.check.is_allowed, found.cost
    (True, 100.0)
    """
    return started(room_of(problem))


def improve_roster(
    problem: RosterProblem,
    roster: ArrayLike,
    *,
    iterations: int,
    rng: np.random.Generator,
    keep_going: Callable[[], bool] | None = None,
) -> Roster:
    """The cheapest roster found from `roster[person, day]` on, never a dearer one; all rules of a person are kept.

    `iterations`: how often up to four people are taken out and put back by blurred prices, then by true ones; a roster
    a little dearer than the best may be gone on with. The same problem, roster, iterations and generator give the same
    bits. `keep_going`, asked now and then, ends the search early when it says no (a clock): such a result is not
    replayable. People whose days break a rule are put right first.

    >>> problem = RosterProblem.of(
    ...     shift_start_minutes=[360, 840], shift_minutes=480, can_work=[[True, True]] * 3,
    ...     need=[[1, 1]] * 3,
    ...     least_rest_minutes=660, most_shifts=2,
    ... )
    >>> improve_roster(problem, np.full((3, 3), -1), iterations=20, rng=np.random.default_rng(1)).cost
    0.0
    """
    days = roster_of(problem, roster)
    return improved(room_of(problem), days, iterations, rng, keep_going)


def started(room: Room) -> Roster:
    """`start_roster` in a room."""
    problem = room.problem
    _refuse_impossible(room)
    days = np.full((problem.people, problem.days), -1, dtype=np.int64)
    _put_right(room, days, np.zeros(problem.people), np.arange(problem.people))
    return Roster(frozen(days), check_roster(problem, days), 0, True)


def improved(
    room: Room, roster: IntArray, iterations: int, rng: np.random.Generator, keep_going: Callable[[], bool] | None
) -> Roster:
    """`improve_roster` in a room."""
    problem = room.problem
    wanted = whole_number("iterations", iterations, minimum=0, maximum=MOST_ITERATIONS)
    if not isinstance(rng, np.random.Generator):
        raise EngineInputError("rng is no numpy Generator: give np.random.default_rng(seed)")
    _refuse_impossible(room)
    days, ends = roster.copy(), _endings(room, roster)
    wrong = sorted({b.person for b in check_roster(problem, days).broken if b.person is not None})
    if wrong:
        _put_right(room, days, ends, np.array(wrong))
    search_state = _Search(room, days, ends, rng)
    done = 0
    while done < wanted and (keep_going is None or keep_going()):
        done += search_state.turns(min(wanted - done, search_state.batch))
    best = search_state.best
    return Roster(frozen(best), check_roster(problem, best), done, keep_going is None)


class _Search:
    """The state of a search between batches of turns."""

    def __init__(self, room: Room, days: IntArray, ends: FloatArray, rng: np.random.Generator) -> None:
        self._room, self._rng = room, rng
        self._days, self._ends = days, ends
        self._count = people_by_row(room.problem, days)
        self.best = days.copy()
        self._losses = np.zeros(2)
        self._noise = rng.standard_normal(NOISES)
        self._scale = _scale(room)
        self.batch = int(np.clip(3e7 / (5.0 * room.work), 10, 2000))

    def turns(self, count: int) -> int:
        problem, rng = self._room.problem, self._rng
        most = min(MOST_AT_ONCE, problem.people)
        sizes = rng.integers(1, most + 1, count)
        groups = np.argsort(rng.random((count, problem.people)), axis=1)[:, :most].astype(np.int64)
        spread = self._scale * rng.choice([0.0, 0.05, 0.2, 0.5], count)
        run(
            search,
            count * 2.0 * float(sizes.mean()) * self._room.work,
            *_fixed(self._room),
            self._days,
            self._ends,
            self._count,
            self.best,
            np.ascontiguousarray(groups),
            sizes,
            rng.integers(0, NOISES, count),
            self._noise,
            spread,
            self._scale * 0.1 * rng.exponential(size=count),
            *_space(self._room),
            self._losses,
        )
        return count


def _fixed(room: Room) -> tuple[FloatArray | IntArray | BoolArray, ...]:
    cover = room.problem.cover
    start, rows = np.array(cover.cell_start), np.array(cover.cell_rows)
    return (room.cost, start, rows, room.counts, room.row_cost, *room.tables)


def _space(room: Room) -> tuple[FloatArray | IntArray, ...]:
    kept = np.empty((MOST_AT_ONCE, room.problem.days), dtype=np.int64)
    return (room.value, room.back, room.price, np.empty_like(room.price), kept, np.empty(MOST_AT_ONCE))


def _scale(room: Room) -> float:
    """What a departure costs as a rule: the middle one of the weights that are set."""
    cover, cost = room.problem.cover, room.problem.action_cost
    asked = cover.need > 0
    weights = np.concatenate([cover.under_weight[asked], np.ptp(cost, axis=2).ravel()])
    weights = weights[weights > 0.0]
    return float(np.median(weights)) if weights.size else 1.0


def _endings(room: Room, days: IntArray) -> FloatArray:
    """Each person's cost of turns."""
    problem = room.problem
    return np.asarray(np.abs(turns_of(problem, days) - problem.turn_target) @ problem.turn_weight, dtype=np.float64)


def _put_right(room: Room, days: IntArray, ends: FloatArray, people: IntArray) -> None:
    """Give these people, one after another, the best days beside the others' present ones."""
    problem = room.problem
    days[people] = -1
    ends[people] = 0.0
    count, turns = people_by_row(problem, days), people.size
    run(
        search,
        room.work * turns,
        *_fixed(room),
        days,
        ends,
        count,
        days.copy(),
        np.ascontiguousarray(people.astype(np.int64)[:, None]),
        np.ones(turns, dtype=np.int64),
        np.zeros(turns, dtype=np.int64),
        np.zeros(1),
        np.zeros(turns),
        np.full(turns, np.inf),
        *_space(room),
        np.zeros(2),
    )


def _refuse_impossible(room: Room) -> None:
    _, least = room.best(room.cost, np.arange(room.problem.people))
    if np.isfinite(least).all():
        return
    person = int(np.flatnonzero(~np.isfinite(least))[0])
    rules = next(found.rules for found in find_roster_conflicts(room.problem) if found.person == person)
    more = int((~np.isfinite(least)).sum()) - 1
    others = f" (nor have {more} others)" if more else ""
    raise EngineInputError(
        f"person {person} has no days that keep all of: {', '.join(rules)}{others}; loosen one of them, "
        "or see find_roster_conflicts for everyone's"
    )
