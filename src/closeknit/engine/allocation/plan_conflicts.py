"""Guarantees of a plan that cannot all be kept: the smallest set, by how much, and the cheapest way out."""

from dataclasses import dataclass, replace

import numpy as np

from closeknit.engine.allocation.plan_services import ServicePlan, plan_services
from closeknit.engine.allocation.service_plan import ServicePlanProblem
from closeknit.engine.checks import BoolArray, IntArray, whole_number

_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class PlanConflict:
    """A smallest set of guarantees that cannot all be kept: leaving out any one makes the rest fit.

    `jobs`: whose floors, `commitments`: which ones; `cells`: (pool, period) pairs that stand in the way. They need
    `need_hours`; at most `have_hours` of that can be given with all extra hours bought. The cheapest way out costs
    `way_out_cost`: `short_of_job` and `short_of_commitment` (as long as `jobs` and `commitments`) are the hours each
    goes without, next to `bought_hours` of extra hours in all.
    """

    jobs: tuple[int, ...]
    commitments: tuple[int, ...]
    cells: tuple[tuple[int, int], ...]
    need_hours: float
    have_hours: float
    way_out_cost: float
    short_of_job: tuple[float, ...]
    short_of_commitment: tuple[float, ...]
    bought_hours: float

    def __str__(self) -> str:
        count = len(self.jobs) + len(self.commitments)
        these = "this guarantee needs" if count == 1 else f"these {count} guarantees need"
        named = [f"jobs {self.jobs}"] * bool(self.jobs) + [f"commitments {self.commitments}"] * bool(self.commitments)
        return (
            f"{these} {self.need_hours:g} h, at most {self.have_hours:g} h can be given ({', '.join(named)}); "
            f"the cheapest way out costs {self.way_out_cost:g}"
        )


def find_plan_conflicts(problem: ServicePlanProblem, most: int = 5) -> tuple[PlanConflict, ...]:
    """Up to `most` sets of floors and commitments that cannot be kept, no guarantee in two of them; empty: all can.

    Formula: the least total of missing hours when every guaranteed hour weighs 1 and nothing else costs; where it is
    above 0 its prices name the guarantees involved (a Farkas certificate), and a divide-and-conquer deletion over
    these keeps a set of which none can be left out. A job's floors in all periods are one guarantee. Validity: hours
    divisible. Source: Chinneck, *Feasibility and Infeasibility in Optimization* (2008); Junker, *QuickXplain*, AAAI
    (2004).

    >>> p = ServicePlanProblem.of(
    ...     capacity_hours=[[38.0]], need_hours=[[20.0], [14.0], [7.0]], floor_hours=[[20.0], [14.0], [7.0]],
    ...     short_cost_per_hour=[50.0, 30.0, 40.0], option_job=[0, 1, 2], option_pool=[0, 0, 0])
    >>> print(find_plan_conflicts(p)[0])
    these 3 guarantees need 41 h, at most 38 h can be given (jobs (0, 1, 2)); the cheapest way out costs 90
    """
    asked = whole_number("most", most, minimum=1)
    jobs = problem.need_hours.shape[0]
    # terms: floors by job, then commitments
    left = np.concatenate([problem.floor_hours.sum(axis=1) > 0.0, problem.commitment_hours > 0.0])
    found: list[PlanConflict] = []
    while len(found) < asked:
        involved = _involved(problem, left)
        if not involved.size:
            break
        terms = _smallest(problem, left.size, involved)
        found.append(_told(problem, _mask(left.size, terms), jobs))
        left &= ~_mask(left.size, terms)
    return tuple(found)


def _mask(size: int, terms: IntArray) -> BoolArray:
    mask = np.zeros(size, dtype=np.bool_)
    mask[terms] = True
    return mask


@dataclass(frozen=True, slots=True)
class _Part:
    """The problem of some guarantees alone."""

    jobs: IntArray
    problem: ServicePlanProblem

    def solved(self, in_money: bool) -> ServicePlan:
        """The least missing hours; or, `in_money`, the least cost of missing and extra hours."""
        p = self.problem
        if not in_money:
            p = replace(
                p,
                floor_cost_per_hour=np.ones(self.jobs.size),
                extra_cost_per_hour=np.zeros(p.extra_hours.shape),
                commitment_cost_per_hour=np.ones(p.commitment_hours.size),
            )
        return plan_services(p)


def _part(problem: ServicePlanProblem, kept: BoolArray) -> _Part:
    jobs = problem.need_hours.shape[0]
    owed = np.append(kept[jobs:], False)[problem.job_commitment]
    floor = problem.floor_hours * kept[:jobs, None]
    need = np.where(owed[:, None], problem.need_hours, floor)
    chosen = np.flatnonzero(need.sum(axis=1) > 0.0)
    place = np.full(jobs, -1)
    place[chosen] = np.arange(chosen.size)
    options = np.flatnonzero(place[problem.option_job] >= 0)
    whose = np.where(owed, problem.job_commitment, -1)
    part = replace(
        problem,
        need_hours=need[chosen],
        floor_hours=floor[chosen],
        floor_cost_per_hour=problem.floor_cost_per_hour[chosen],
        short_cost_per_hour=np.zeros(chosen.size),
        option_job=place[problem.option_job[options]],
        option_pool=problem.option_pool[options],
        option_cost_per_hour=np.zeros(options.size),
        job_commitment=whose[chosen],
        commitment_hours=problem.commitment_hours * kept[jobs:],
    )
    return _Part(chosen, part)


def _fits(problem: ServicePlanProblem, kept: BoolArray) -> bool:
    part = _part(problem, kept)
    missing = part.solved(in_money=False).cost
    return missing <= _TINY * (1.0 + float(part.problem.floor_hours.sum() + part.problem.commitment_hours.sum()))


def _involved(problem: ServicePlanProblem, left: BoolArray) -> IntArray:
    """The guarantees with a price at the least total of missing hours; none where nothing is missing."""
    part = _part(problem, left)
    plan = part.solved(in_money=False)
    p, jobs = part.problem, problem.need_hours.shape[0]
    if plan.cost <= _TINY * (1.0 + float(p.floor_hours.sum() + p.commitment_hours.sum())):
        return np.zeros(0, dtype=np.int64)
    cheapest = np.full(p.need_hours.shape, np.inf)
    np.minimum.at(cheapest, p.option_job, plan.pool_price_per_hour[p.option_pool])
    priced = ((cheapest > _TINY) & (p.floor_hours > 0.0)).any(axis=1)
    mask = np.zeros(left.size, dtype=np.bool_)
    mask[part.jobs[priced]] = True
    mask[jobs:] = plan.commitment_price_per_hour > _TINY
    mask &= left
    return np.flatnonzero(left if _fits(problem, mask) else mask)


def _smallest(problem: ServicePlanProblem, size: int, terms: IntArray) -> IntArray:
    """The last terms that are needed for a conflict, halving what may be left out: largest guarantees are kept."""
    hours = np.concatenate([problem.floor_hours.sum(axis=1), problem.commitment_hours])
    ordered = terms[np.argsort(-hours[terms], kind="stable")]

    def needed(base: IntArray, changed: bool, rest: IntArray) -> IntArray:
        if changed and not _fits(problem, _mask(size, base)):
            return rest[:0]
        if rest.size == 1:
            return rest
        half = rest.size // 2
        first, second = rest[:half], rest[half:]
        late = needed(np.concatenate([base, first]), True, second)
        early = needed(np.concatenate([base, late]), bool(late.size), first)
        return np.concatenate([early, late])

    return np.sort(needed(ordered[:0], False, ordered))


def _told(problem: ServicePlanProblem, kept: BoolArray, jobs: int) -> PlanConflict:
    part = _part(problem, kept)
    hours, money = part.solved(in_money=False), part.solved(in_money=True)
    p = part.problem
    floors, owed = np.flatnonzero(kept[:jobs]), np.flatnonzero(kept[jobs:])
    need = float(p.floor_hours.sum() + p.commitment_hours.sum())
    short = np.zeros(jobs)
    served = np.zeros(p.need_hours.shape)
    np.add.at(served, p.option_job, money.given_hours)
    short[part.jobs] = np.maximum(p.floor_hours - served, 0.0).sum(axis=1)
    pools = np.zeros(p.capacity_hours.shape[0], dtype=np.bool_)
    pools[p.option_pool] = True
    cells = np.argwhere((hours.pool_price_per_hour > _TINY) & pools[:, None])
    return PlanConflict(
        jobs=tuple(int(job) for job in floors),
        commitments=tuple(int(c) for c in owed),
        cells=tuple((int(pool), int(period)) for pool, period in cells),
        need_hours=need,
        have_hours=need - hours.cost,
        way_out_cost=money.cost,
        short_of_job=tuple(float(short[job]) for job in floors),
        short_of_commitment=tuple(float(money.missed_hours[c]) for c in owed),
        bought_hours=float(money.extra_hours.sum()),
    )
