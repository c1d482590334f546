"""The rostering problem: who may work what and when, how many are needed, and what each departure from that costs."""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import (
    BoolArray,
    FloatArray,
    IntArray,
    flags,
    frozen,
    numbers,
    refuse_where,
    same_shape,
    whole_number,
    whole_numbers,
)
from closeknit.engine.errors import EngineInputError
from closeknit.engine.rostering.cover import Cover, cover_rows

LARGEST_WEIGHT = 1e7
DAY_MINUTES = 1440
LONGEST_DAYS = 400
MOST_PEOPLE = 5000
MOST_SHIFTS = 200

Kind = TypeVar("Kind", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class RosterProblem:
    """People, days and shifts with the rules each person's days must keep; build it with `RosterProblem.of`.

    A roster is `roster[person, day]`: the shift worked (0, 1, ...) or -1 for a day off. `action_cost[person, day, 1 +
    shift]` (0: off) gathers pay and requests; `cover` holds what is asked of all together.
    """

    shift_start_minutes: IntArray
    shift_minutes: IntArray
    can_work: BoolArray
    is_day_off: BoolArray
    is_banned: BoolArray
    may_follow: BoolArray
    most_of_shift: IntArray
    least_shifts: IntArray
    most_shifts: IntArray
    least_minutes: IntArray
    most_minutes: IntArray
    least_days_on: IntArray
    most_days_on: IntArray
    least_days_off: IntArray
    most_weekends: IntArray
    weekend_of_day: IntArray
    last_shift: IntArray
    days_before: IntArray
    action_cost: FloatArray
    turn_shifts: BoolArray
    turn_target: FloatArray
    turn_weight: FloatArray
    cover: Cover

    @property
    def people(self) -> int:
        """How many people."""
        return int(self.is_banned.shape[0])

    @property
    def days(self) -> int:
        """How many days."""
        return int(self.is_banned.shape[1])

    @property
    def shifts(self) -> int:
        """How many shifts there are to choose from."""
        return int(self.is_banned.shape[2])

    @property
    def may_work(self) -> BoolArray:
        """Whether a person may work a shift on a day at all: [person, day, shift]."""
        free = ~self.is_day_off[:, :, None] & ~self.is_banned
        return free & (self.can_work & (self.most_of_shift > 0))[:, None, :]

    @classmethod
    def of(
        cls,
        *,
        shift_start_minutes: ArrayLike,
        shift_minutes: ArrayLike,
        can_work: ArrayLike,
        need: ArrayLike,
        least: ArrayLike = 0,
        under_weight: ArrayLike = 100.0,
        over_weight: ArrayLike = 1.0,
        skill_need: ArrayLike | None = None,
        has_skill: ArrayLike | None = None,
        skill_under_weight: ArrayLike = 100.0,
        interval_need: ArrayLike | None = None,
        interval_under_weight: ArrayLike = 100.0,
        interval_over_weight: ArrayLike = 1.0,
        is_day_off: ArrayLike = False,
        is_banned: ArrayLike = False,
        may_follow: ArrayLike = True,
        least_rest_minutes: int = 0,
        most_of_shift: ArrayLike | None = None,
        least_shifts: ArrayLike = 0,
        most_shifts: ArrayLike | None = None,
        least_minutes: ArrayLike = 0,
        most_minutes: ArrayLike | None = None,
        least_days_on: ArrayLike = 1,
        most_days_on: ArrayLike | None = None,
        least_days_off: ArrayLike = 1,
        most_weekends: ArrayLike | None = None,
        weekend_of_day: ArrayLike = -1,
        last_shift: ArrayLike = -1,
        days_before: ArrayLike = 0,
        pay: ArrayLike = 0.0,
        wanted_weight: ArrayLike = 0.0,
        unwanted_weight: ArrayLike = 0.0,
        turn_shifts: ArrayLike | None = None,
        turn_target: ArrayLike | None = None,
        turn_weight: ArrayLike | None = None,
    ) -> "RosterProblem":
        """A checked problem; what is not given does not bind, and a single number holds for all.

        Shifts: `shift_start_minutes[shift]` (0..1439 of its day), `shift_minutes[shift]` (1..1440), `may_follow[shift,
        shift]` (the second on the day after the first), which `least_rest_minutes` between the two narrows further.
        Cover by day and shift: `need` people wanted, `under_weight` per person short, `over_weight` per person too
        many, `least` people as a rule. `skill_need[day, shift, skill]` asks that so many of them have the skill
        (`has_skill[person, skill]`); someone with two skills counts for both. `interval_need[day, interval]` cuts each
        day into equal intervals and counts who is at work during the whole of one, past midnight as well.
        People: `can_work[person, shift]`, `is_day_off[person, day]`, `is_banned[person, day, shift]`,
        `most_of_shift[person, shift]`; per person `least_shifts`, `most_shifts`, `least_minutes`, `most_minutes` over
        the horizon, `least_days_on` and `most_days_on` in a row, `least_days_off` in a row, `most_weekends` with work
        (`weekend_of_day[day]`: its number or -1; at most two days, side by side). `last_shift` (-1: off) and
        `days_before` say how each ended before day 0 and for how many days; 0 days: unknown, and then no least run
        binds at the start. None binds at the end.
        Costs: `pay[person, shift]`, `unwanted_weight[person, day, shift]` for working what is not wanted,
        `wanted_weight[person, day, shift]` for not working what is. Turns: for each group of shifts `turn_shifts[group,
        shift]`, `turn_weight[group]` per shift away from `turn_target[person, group]`.

        >>> problem = RosterProblem.of(
        ...     shift_start_minutes=[360, 840], shift_minutes=[480, 480], can_work=[[True, True]] * 3,
        ...     need=[[1, 1], [1, 1]], least_rest_minutes=660,
        ... )
        >>> problem.people, problem.days, problem.may_follow.tolist()
        (3, 2, [[True, True], [False, True]])
        """
        knows = flags("can_work", can_work)
        wanted = whole_numbers("need", need, minimum=0, maximum=MOST_PEOPLE, ndim=2)
        if knows.ndim != 2 or not knows.size or not wanted.size:
            raise EngineInputError("can_work and need: give [person, shift] and [day, shift], each with at least one")
        (people, shifts), days = knows.shape, wanted.shape[0]
        if wanted.shape[1] != shifts:
            raise EngineInputError(f"need has {wanted.shape[1]} shifts: give {shifts}, one per column of can_work")
        if people > MOST_PEOPLE or days > LONGEST_DAYS or shifts > MOST_SHIFTS:
            raise EngineInputError(
                f"a roster holds at most {MOST_PEOPLE} people, {LONGEST_DAYS} days, {MOST_SHIFTS} shifts"
            )
        size = _Size(people, days, shifts)
        starts = size.whole("shift_start_minutes", shift_start_minutes, "s", 0, DAY_MINUTES - 1)
        lengths = size.whole("shift_minutes", shift_minutes, "s", 1, DAY_MINUTES)
        rest = whole_number("least_rest_minutes", least_rest_minutes, minimum=0, maximum=DAY_MINUTES)
        between = DAY_MINUTES + starts[None, :] - (starts + lengths)[:, None]
        longest = days * DAY_MINUTES
        weekends = size.whole("weekend_of_day", weekend_of_day, "d", -1, days)
        _check_weekends(weekends)
        pairs = {
            "least_shifts": size.whole("least_shifts", least_shifts, "p", 0, days),
            "most_shifts": size.whole("most_shifts", days if most_shifts is None else most_shifts, "p", 0, days),
            "least_minutes": size.whole("least_minutes", least_minutes, "p", 0, longest),
            "most_minutes": size.whole("most_minutes", longest if most_minutes is None else most_minutes, "p", 0),
            "least_days_on": size.whole("least_days_on", least_days_on, "p", 1, LONGEST_DAYS),
            "most_days_on": size.whole(
                "most_days_on", LONGEST_DAYS if most_days_on is None else most_days_on, "p", 1, LONGEST_DAYS
            ),
        }
        for name in ("shifts", "minutes", "days_on"):
            low, high = pairs[f"least_{name}"], pairs[f"most_{name}"]
            refuse_where(low > high, f"least_{name}", low, f"give at most most_{name} of the same person")
        groups = np.zeros((0, shifts), dtype=np.bool_) if turn_shifts is None else flags("turn_shifts", turn_shifts)
        if groups.ndim != 2 or groups.shape[1] != shifts:
            raise EngineInputError(f"turn_shifts has shape {groups.shape}: give one row of {shifts} shifts per group")
        count = groups.shape[0]
        target = size.real("turn_target", 0.0 if turn_target is None else turn_target, (people, count), 0.0, longest)
        return cls(
            shift_start_minutes=starts,
            shift_minutes=lengths,
            can_work=frozen(knows),
            is_day_off=size.flag("is_day_off", is_day_off, "pd"),
            is_banned=size.flag("is_banned", is_banned, "pds"),
            may_follow=frozen(size.flag("may_follow", may_follow, "ss") & (between >= rest)),
            most_of_shift=size.whole("most_of_shift", days if most_of_shift is None else most_of_shift, "ps", 0, days),
            **pairs,
            least_days_off=size.whole("least_days_off", least_days_off, "p", 1, LONGEST_DAYS),
            most_weekends=size.whole("most_weekends", days if most_weekends is None else most_weekends, "p", 0, days),
            weekend_of_day=weekends,
            last_shift=size.whole("last_shift", last_shift, "p", -1, shifts - 1),
            days_before=size.whole("days_before", days_before, "p", 0, LONGEST_DAYS),
            action_cost=_action_cost(size, pay, wanted_weight, unwanted_weight),
            turn_shifts=frozen(groups),
            turn_target=target,
            turn_weight=size.real("turn_weight", 1.0 if turn_weight is None else turn_weight, (count,), 0.0),
            cover=cover_rows(
                starts,
                lengths,
                people,
                need=wanted,
                least=size.whole("least", least, "ds", 0, MOST_PEOPLE),
                under_weight=size.real("under_weight", under_weight, "ds", 0.0),
                over_weight=size.real("over_weight", over_weight, "ds", 0.0),
                skills=_skills(size, skill_need, has_skill, skill_under_weight),
                intervals=_intervals(size, interval_need, interval_under_weight, interval_over_weight),
            ),
        )


@dataclass(frozen=True, slots=True)
class _Size:
    """How many people, days and shifts; arrays are spread over them."""

    people: int
    days: int
    shifts: int

    def shape(self, axes: str | tuple[int, ...]) -> tuple[int, ...]:
        sizes = {"p": self.people, "d": self.days, "s": self.shifts}
        return tuple(sizes[axis] for axis in axes) if isinstance(axes, str) else axes

    def whole(self, name: str, value: ArrayLike, axes: str, minimum: int, maximum: int = 10**6) -> IntArray:
        return self._spread(name, whole_numbers(name, value, minimum=minimum, maximum=maximum), axes)

    def real(
        self, name: str, value: ArrayLike, axes: str | tuple[int, ...], minimum: float, maximum: float = LARGEST_WEIGHT
    ) -> FloatArray:
        return self._spread(name, numbers(name, value, minimum=minimum, maximum=maximum), axes)

    def flag(self, name: str, value: ArrayLike, axes: str) -> BoolArray:
        return self._spread(name, flags(name, value), axes)

    def _spread(self, name: str, array: NDArray[Kind], axes: str | tuple[int, ...]) -> NDArray[Kind]:
        shape = self.shape(axes)
        if array.ndim:
            same_shape([(name, array)], shape, "or one value for all")
        spread: NDArray[Any] = np.ascontiguousarray(np.broadcast_to(array, shape))
        return frozen(spread.copy())


def _check_weekends(weekend_of_day: IntArray) -> None:
    for number in np.unique(weekend_of_day[weekend_of_day >= 0]).tolist():
        days = np.flatnonzero(weekend_of_day == number)
        if days.size > 2 or days[-1] - days[0] > 1:
            raise EngineInputError(f"weekend_of_day names weekend {number} on {days.size} days: give two, side by side")


def _action_cost(size: _Size, pay: ArrayLike, wanted: ArrayLike, unwanted: ArrayLike) -> FloatArray:
    paid = size.real("pay", pay, "ps", -LARGEST_WEIGHT)
    for_not = size.real("wanted_weight", wanted, "pds", 0.0)
    against = size.real("unwanted_weight", unwanted, "pds", 0.0)
    cost = np.zeros((size.people, size.days, size.shifts + 1))
    cost[:, :, 0] = for_not.sum(axis=2)
    cost[:, :, 1:] = paid[:, None, :] + against + cost[:, :, :1] - for_not
    return frozen(cost)


def _skills(
    size: _Size, need: ArrayLike | None, has: ArrayLike | None, weight: ArrayLike
) -> tuple[IntArray, BoolArray, FloatArray] | None:
    if need is None:
        return None
    if has is None:
        raise EngineInputError("skill_need is given without has_skill: say who has each skill")
    asked = whole_numbers("skill_need", need, minimum=0, maximum=MOST_PEOPLE, ndim=3)
    owned = flags("has_skill", has)
    if owned.ndim != 2 or owned.shape[0] != size.people:
        raise EngineInputError(f"has_skill has shape {owned.shape}: give one row per person ({size.people})")
    shape = (size.days, size.shifts, owned.shape[1])
    same_shape([("skill_need", asked)], shape, "days, shifts, skills of has_skill")
    return asked, owned, size.real("skill_under_weight", weight, shape, 0.0)


def _intervals(
    size: _Size, need: ArrayLike | None, under: ArrayLike, over: ArrayLike
) -> tuple[IntArray, FloatArray, FloatArray] | None:
    if need is None:
        return None
    asked = whole_numbers("interval_need", need, minimum=0, maximum=MOST_PEOPLE, ndim=2)
    if asked.shape[0] != size.days or not asked.shape[1] or DAY_MINUTES % asked.shape[1]:
        raise EngineInputError(
            f"interval_need has shape {asked.shape}: give {size.days} days of intervals that divide 1440 minutes"
        )
    return (
        asked,
        size.real("interval_under_weight", under, asked.shape, 0.0),
        size.real("interval_over_weight", over, asked.shape, 0.0),
    )
