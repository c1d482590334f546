"""A plan's problem at scale: pools by periods, and the jobs of accounts that any of several pools may do."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.allocation.problem import LARGEST_COST
from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, refuse_where, same_shape, whole_numbers
from closeknit.engine.errors import EngineInputError


@dataclass(frozen=True, slots=True, eq=False)
class ServicePlanProblem:
    """Who of many does whose work in which period, and what is worth buying in addition.

    Pools and periods: `capacity_hours[pool, period]`; `extra_hours[kind, pool, period]` that can be bought (overtime,
    temps, outsourcing) at `extra_cost_per_hour` of the same shape, in all periods together at most
    `extra_total_hours[kind, pool]` (infinite: no such limit). Jobs, one account's one service each:
    `need_hours[job, period]`, of which `floor_hours` are guaranteed; an hour short of the floor costs
    `floor_cost_per_hour[job]`, any other hour short `short_cost_per_hour[job]`. Options: `option_job[i]` can be done by
    `option_pool[i]` at `option_cost_per_hour[i]`; an hour of a pool serves one job once, whatever skills it has.
    Commitments: the jobs with `job_commitment[job] = c` (-1: none) get `commitment_hours[c]` in all periods together,
    or each hour missed costs `commitment_cost_per_hour[c]`. Costs are finite: a guarantee is dear, not infinite, and
    `find_plan_conflicts` says which cannot be kept. Build it with `ServicePlanProblem.of`.
    """

    capacity_hours: FloatArray
    extra_hours: FloatArray
    extra_cost_per_hour: FloatArray
    extra_total_hours: FloatArray
    need_hours: FloatArray
    floor_hours: FloatArray
    floor_cost_per_hour: FloatArray
    short_cost_per_hour: FloatArray
    option_job: IntArray
    option_pool: IntArray
    option_cost_per_hour: FloatArray
    job_commitment: IntArray
    commitment_hours: FloatArray
    commitment_cost_per_hour: FloatArray

    def __post_init__(self) -> None:
        for name, value in _checked(self).items():
            object.__setattr__(self, name, frozen(value))

    @classmethod
    def of(
        cls,
        *,
        capacity_hours: ArrayLike,
        need_hours: ArrayLike,
        short_cost_per_hour: ArrayLike,
        option_job: ArrayLike,
        option_pool: ArrayLike,
        option_cost_per_hour: ArrayLike = 0.0,
        floor_hours: ArrayLike = 0.0,
        floor_cost_per_hour: ArrayLike | None = None,
        extra_hours: ArrayLike | None = None,
        extra_cost_per_hour: ArrayLike = 0.0,
        extra_total_hours: ArrayLike = np.inf,
        job_commitment: ArrayLike = -1,
        commitment_hours: ArrayLike = (),
        commitment_cost_per_hour: ArrayLike = (),
    ) -> "ServicePlanProblem":
        """A problem with single numbers spread, and no floors, extra hours or commitments unless given.

        >>> ServicePlanProblem.of(
        ...     capacity_hours=[[80.0, 60.0]], need_hours=[[50.0, 50.0], [30.0, 30.0]], short_cost_per_hour=9.0,
        ...     option_job=[0, 1], option_pool=[0, 0]).columns
        12
        """
        capacity, need = np.asarray(capacity_hours), np.asarray(need_hours)
        jobs = need.shape[:1]
        extra = np.zeros((0, *capacity.shape)) if extra_hours is None else np.asarray(extra_hours)
        return cls(
            capacity_hours=capacity,
            extra_hours=extra,
            extra_cost_per_hour=_spread(extra_cost_per_hour, extra.shape),
            extra_total_hours=_spread(extra_total_hours, extra.shape[:2]),
            need_hours=need,
            floor_hours=_spread(floor_hours, need.shape),
            floor_cost_per_hour=_spread(
                short_cost_per_hour if floor_cost_per_hour is None else floor_cost_per_hour, jobs
            ),
            short_cost_per_hour=_spread(short_cost_per_hour, jobs),
            option_job=np.asarray(option_job),
            option_pool=np.asarray(option_pool),
            option_cost_per_hour=_spread(option_cost_per_hour, np.shape(option_job)),
            job_commitment=_spread(job_commitment, jobs),
            commitment_hours=np.asarray(commitment_hours),
            commitment_cost_per_hour=_spread(commitment_cost_per_hour, np.shape(commitment_hours)),
        )

    @property
    def columns(self) -> int:
        """Variables of the whole program: hours by option and period, two kinds of shortage, extra, missed."""
        periods = self.capacity_hours.shape[1]
        own = (self.option_job.size + 2 * self.need_hours.shape[0]) * periods
        return int(own + self.extra_hours.size + self.commitment_hours.size)


def _spread(value: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    array = np.asarray(value)
    return np.broadcast_to(array, shape) if array.ndim == 0 else array


_HOURS = {"capacity_hours": 2, "extra_hours": 3, "need_hours": 2, "floor_hours": 2, "commitment_hours": 1}
_COSTS = {
    "extra_cost_per_hour": 3,
    "floor_cost_per_hour": 1,
    "short_cost_per_hour": 1,
    "option_cost_per_hour": 1,
    "commitment_cost_per_hour": 1,
}


def _checked(problem: ServicePlanProblem) -> dict[str, NDArray[Any]]:
    checked: dict[str, NDArray[Any]] = {}
    for name, ndim in _HOURS.items():
        checked[name] = numbers(name, getattr(problem, name), minimum=0.0, maximum=1e9, ndim=ndim)
    for name, ndim in _COSTS.items():
        checked[name] = numbers(name, getattr(problem, name), minimum=0.0, maximum=LARGEST_COST, ndim=ndim)
    total = np.asarray(problem.extra_total_hours)
    endless = total == np.inf
    plain = np.where(endless, 0.0, total) if total.dtype.kind in "iuf" else total
    checked["extra_total_hours"] = np.where(
        endless, np.inf, numbers("extra_total_hours", plain, minimum=0.0, maximum=1e12, ndim=2)
    )
    pools, periods = checked["capacity_hours"].shape
    jobs, commitments = checked["need_hours"].shape[0], checked["commitment_hours"].size
    kinds = checked["extra_hours"].shape[0]
    for name, most in (("option_job", jobs), ("option_pool", pools)):
        if np.size(getattr(problem, name)) and not most:
            raise EngineInputError(f"{name} names what is not there: give needs and pools")
        checked[name] = whole_numbers(name, getattr(problem, name), minimum=0, maximum=max(most - 1, 0), ndim=1)
    checked["job_commitment"] = whole_numbers(
        "job_commitment", problem.job_commitment, minimum=-1, maximum=commitments - 1, ndim=1
    )
    _shapes(checked, pools, periods, jobs, kinds)
    _relations(checked, pools)
    return checked


def _shapes(checked: dict[str, NDArray[Any]], pools: int, periods: int, jobs: int, kinds: int) -> None:
    def each(names: tuple[str, ...], shape: tuple[int, ...], what: str) -> None:
        same_shape([(name, checked[name]) for name in names], shape, what)

    each(("need_hours", "floor_hours"), (jobs, periods), "one per job and period")
    each(("extra_hours", "extra_cost_per_hour"), (kinds, pools, periods), "one per kind, pool and period")
    each(("extra_total_hours",), (kinds, pools), "one per kind and pool")
    each(("floor_cost_per_hour", "short_cost_per_hour", "job_commitment"), (jobs,), "one per job")
    each(("option_pool", "option_cost_per_hour"), checked["option_job"].shape, "one per option")
    each(("commitment_cost_per_hour",), checked["commitment_hours"].shape, "one per commitment")


def _relations(checked: dict[str, NDArray[Any]], pools: int) -> None:
    refuse_where(
        checked["floor_hours"] > checked["need_hours"],
        "floor_hours",
        checked["floor_hours"],
        "give at most need_hours: what is guaranteed cannot exceed what is needed",
    )
    refuse_where(
        checked["floor_cost_per_hour"] < checked["short_cost_per_hour"],
        "floor_cost_per_hour",
        checked["floor_cost_per_hour"],
        "give at least short_cost_per_hour: an hour of the guarantee is the dearer one",
    )
    pair = checked["option_job"] * max(pools, 1) + checked["option_pool"]
    order = np.argsort(pair, kind="stable")
    twice = np.zeros(pair.size, dtype=np.bool_)
    twice[order[1:]] = np.diff(pair[order]) == 0
    refuse_where(twice, "option_pool", checked["option_pool"], "name a pool once per job")
