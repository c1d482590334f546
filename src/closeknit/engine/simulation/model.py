"""What is simulated: classes of work, groups of agents, the rules that join them, and what goes wrong.

Time runs in minutes from the start of the plan, in intervals of equal length. Classes, groups and accounts are known
by their place (0, 1, ...). A number given where one per interval is meant holds for all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import frozen, numbers, refuse_where, same_shape, whole_number, whole_numbers
from closeknit.engine.errors import EngineInputError
from closeknit.engine.simulation.distributions import Distribution, Exponential, check_distribution

TEN_MINUTES = Exponential(10.0)
LARGEST_RATE = 1e9
LARGEST_GROUP = 1_000_000
LONGEST_PLAN_MINUTES = 1e8
"""Nearly two centuries; seconds are still exact in float64 there."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WorkClass:
    """Calls, chats or cases of one kind: how they arrive, how long they take, how long they wait.

    Parameters: `arrivals_per_hour[interval]` (lambda; calls, not batches; Poisson within an interval), `handle` (the
    time an agent spends on one), `patience` (how long one waits before it's abandoned; None: for ever),
    `threshold_minutes` (T of the service level, >= 0).
    Retrials: one that abandoned or was blocked tries again with `retry_share` (0..0.99) after `retry_delay`, at most
    `max_retries` times, with the same work and account and a patience drawn anew.
    Arrivals: `busyness_cv` is the coefficient of variation of one gamma factor on the rate of a whole run,
    `interval_cv` of one factor per interval (over-dispersion; 0: plain Poisson); `batch_shares[j]` the share of
    batches of j + 1 calls; `arrival_minutes` replays given times, in rising order, in place of Poisson arrivals.
    `waiting_places` (whole, or None: any number) is how many may wait; one more is blocked.
    `account_shares[account]` (sum 1) draws the account of every call, `arrival_accounts` gives it for a replay.
    """

    arrivals_per_hour: ArrayLike = 0.0
    handle: Distribution
    patience: Distribution | None = None
    threshold_minutes: float = 1.0 / 3.0
    retry_share: float = 0.0
    retry_delay: Distribution = TEN_MINUTES
    max_retries: int = 5
    busyness_cv: float = 0.0
    interval_cv: float = 0.0
    batch_shares: ArrayLike = (1.0,)
    arrival_minutes: ArrayLike | None = None
    waiting_places: int | None = None
    account_shares: ArrayLike | None = None
    arrival_accounts: ArrayLike | None = None

    def __post_init__(self) -> None:
        rate = numbers("arrivals_per_hour", self.arrivals_per_hour, minimum=0.0, maximum=LARGEST_RATE)
        _keep(self, "arrivals_per_hour", _by_interval("arrivals_per_hour", rate))
        for name in ("handle", "retry_delay") if self.patience is None else ("handle", "retry_delay", "patience"):
            check_distribution(name, getattr(self, name))
        numbers("threshold_minutes", self.threshold_minutes, minimum=0.0, ndim=0)
        numbers("retry_share", self.retry_share, minimum=0.0, maximum=0.99, ndim=0)
        whole_number("max_retries", self.max_retries, minimum=0, maximum=1000)
        for name in ("busyness_cv", "interval_cv"):
            numbers(name, getattr(self, name), minimum=0.0, maximum=10.0, ndim=0)
        _keep(self, "batch_shares", _shares("batch_shares", self.batch_shares))
        if self.waiting_places is not None:
            whole_number("waiting_places", self.waiting_places, minimum=0)
        self._check_replay()
        self._check_accounts()

    def _check_replay(self) -> None:
        if self.arrival_minutes is None:
            return
        times = numbers("arrival_minutes", self.arrival_minutes, minimum=0.0, maximum=LONGEST_PLAN_MINUTES, ndim=1)
        falling = np.concatenate([[False], np.diff(times) < 0.0])
        refuse_where(falling, "arrival_minutes", times, "give times in rising order")
        _keep(self, "arrival_minutes", times)

    def _check_accounts(self) -> None:
        if self.account_shares is not None:
            _keep(self, "account_shares", _shares("account_shares", self.account_shares))
        if self.arrival_accounts is None:
            return
        if self.arrival_minutes is None:
            raise EngineInputError("arrival_accounts needs arrival_minutes: give both, or account_shares")
        given = whole_numbers("arrival_accounts", self.arrival_accounts, minimum=0, maximum=10**7, ndim=1)
        same_shape([("arrival_accounts", given)], np.shape(self.arrival_minutes), "one for each arrival")
        _keep(self, "arrival_accounts", given)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AgentGroup:
    """Agents who can do the same work: `agents[interval]`, whole numbers >= 0.

    Where the number falls, agents finish the call in hand before they leave. `handle_factor[class]` (> 0) multiplies
    the handling time of a class in this group (1.2: a fifth slower).
    """

    agents: ArrayLike
    handle_factor: ArrayLike = 1.0

    def __post_init__(self) -> None:
        agents = whole_numbers("agents", self.agents, minimum=0, maximum=LARGEST_GROUP)
        _keep(self, "agents", _by_interval("agents", agents))
        factor = numbers("handle_factor", self.handle_factor, above=0.0, maximum=1e6)
        _keep(self, "handle_factor", _by_interval("handle_factor", factor, "one number, or one per class"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRule:
    """Group `group` may take a call of class `work_class` once it has waited `after_minutes`.

    An arriving call takes a free agent of the first group in the order of the plan's rules (those with
    `after_minutes` 0). A free agent takes the waiting call of the lowest `priority` number (1 is first), among equals
    the one that has waited longest (of equal waits the lower class); within a class it's first come first served. A
    second rule of the same class and group with a later `after_minutes` and a lower number raises the priority of
    those who waited: escalation. The rule holds from `from_minute` until `until_minute` (None: to the end) of the
    plan's clock.
    """

    work_class: int
    group: int
    priority: int = 1
    after_minutes: float = 0.0
    from_minute: float = 0.0
    until_minute: float | None = None

    def __post_init__(self) -> None:
        for name in ("work_class", "group", "priority"):
            whole_number(name, getattr(self, name), minimum=0)
        for name in ("after_minutes", "from_minute"):
            numbers(name, getattr(self, name), minimum=0.0, maximum=LONGEST_PLAN_MINUTES, ndim=0)
        _check_window(self.from_minute, self.until_minute, "until_minute", "from_minute")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Group `group` is without `lost_agents` (None: all) from `start_minute` until `end_minute`.

    Agents finish the call in hand. With `failover_group`, every rule that leads to the group leads to that one too as
    long as the outage lasts, with the same priority and delay and next in order.
    """

    group: int
    start_minute: float
    end_minute: float
    lost_agents: int | None = None
    failover_group: int | None = None

    def __post_init__(self) -> None:
        whole_number("group", self.group, minimum=0)
        numbers("start_minute", self.start_minute, minimum=0.0, maximum=LONGEST_PLAN_MINUTES, ndim=0)
        _check_window(self.start_minute, self.end_minute, "end_minute", "start_minute")
        if self.lost_agents is not None:
            whole_number("lost_agents", self.lost_agents, minimum=0)
        if self.failover_group is not None and self.failover_group == self.group:
            raise EngineInputError(f"failover_group is {self.group}, the group that fails: give another")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SimulationPlan:
    """A whole plan: classes, groups, rules, and how it begins and ends.

    It begins empty; `warm_up_intervals` are simulated and left out of all measures. With `drain`, nobody arrives after
    the last interval but all who wait are still served or abandon, by the agents and rules of the last interval (the
    end carries over); without it, the clock stops there, and who still waits is counted as `left`. Calls are counted
    in the interval in which they arrive, agents' work and the queue in the interval in which they happen.
    """

    classes: Sequence[WorkClass]
    groups: Sequence[AgentGroup]
    rules: Sequence[RoutingRule]
    interval_minutes: float = 30.0
    outages: Sequence[Outage] = ()
    warm_up_intervals: int = 0
    drain: bool = True
    intervals: int = field(init=False)

    def __post_init__(self) -> None:
        for name, kind in (
            ("classes", WorkClass), ("groups", AgentGroup), ("rules", RoutingRule), ("outages", Outage)
        ):  # fmt: skip
            _keep_parts(self, name, kind)
        parts = [c.arrivals_per_hour for c in self.classes] + [g.agents for g in self.groups]
        object.__setattr__(self, "intervals", max(np.size(part) for part in parts))
        numbers("interval_minutes", self.interval_minutes, above=0.0, maximum=LONGEST_PLAN_MINUTES, ndim=0)
        _check_lengths(self)
        numbers("interval_minutes x intervals", self.horizon_minutes, maximum=LONGEST_PLAN_MINUTES, ndim=0)
        whole_number("warm_up_intervals", self.warm_up_intervals, minimum=0, maximum=self.intervals - 1)
        _check_places(self)

    @property
    def horizon_minutes(self) -> float:
        """Length of the plan in minutes."""
        return self.intervals * self.interval_minutes

    @property
    def accounts(self) -> int:
        """Number of accounts: 0 where no class names any."""
        drawn = [np.size(c.account_shares) for c in self.classes if c.account_shares is not None]
        given = [
            int(np.max(c.arrival_accounts, initial=-1)) + 1 for c in self.classes if c.arrival_accounts is not None
        ]
        return max([0, *drawn, *given])


def staffing_plan(
    arrivals_per_hour: ArrayLike,
    agents: ArrayLike,
    can_serve: ArrayLike,
    handle: Sequence[Distribution],
    patience: Sequence[Distribution | None],
    *,
    priority: ArrayLike = 1,
    threshold_minutes: ArrayLike = 1.0 / 3.0,
    interval_minutes: float = 30.0,
    warm_up_intervals: int = 0,
) -> SimulationPlan:
    """The simulation of a plan that is at hand as arrays: arrivals by class, agents by group.

    Parameters: `arrivals_per_hour[class, interval]`, `agents[group, interval]`, `can_serve[class, group]` (order in
    which a class tries its groups: 1 first; 0 cannot), `handle[class]`, `patience[class]`, `priority[class]` (1 is
    first), `threshold_minutes[class]`.

    >>> from closeknit.engine.simulation import Exponential
    >>> plan = staffing_plan([[60.0, 80.0]], [[4, 5]], [[1]], [Exponential(3.0)], [None])
    >>> plan.intervals, len(plan.rules)
    (2, 1)
    """
    rate = numbers("arrivals_per_hour", arrivals_per_hour, minimum=0.0, maximum=LARGEST_RATE, ndim=2)
    staff = whole_numbers("agents", agents, minimum=0, maximum=LARGEST_GROUP, ndim=2)
    order = whole_numbers("can_serve", can_serve, minimum=0, ndim=2)
    same_shape([("can_serve", order)], (len(rate), len(staff)), "one row per class and one column per group")
    if not len(handle) == len(patience) == len(rate):
        raise EngineInputError(f"handle and patience: give one of each for all {len(rate)} classes")
    first = np.broadcast_to(whole_numbers("priority", priority, minimum=0), len(rate))
    threshold = np.broadcast_to(numbers("threshold_minutes", threshold_minutes, minimum=0.0), len(rate))
    return SimulationPlan(
        classes=[
            WorkClass(arrivals_per_hour=rate[k], handle=handle[k], patience=patience[k], threshold_minutes=threshold[k])
            for k in range(len(rate))
        ],
        groups=[AgentGroup(agents=row) for row in staff],
        rules=[
            RoutingRule(work_class=k, group=int(g), priority=int(first[k]))
            for k in range(len(rate))
            for g in np.argsort(order[k], kind="stable")
            if order[k, g] > 0
        ],
        interval_minutes=interval_minutes,
        warm_up_intervals=warm_up_intervals,
    )


def _keep(owner: Any, name: str, value: NDArray[Any]) -> None:
    object.__setattr__(owner, name, frozen(value))


def _keep_parts(plan: SimulationPlan, name: str, kind: type) -> None:
    parts = tuple(getattr(plan, name))
    for place, part in enumerate(parts):
        if not isinstance(part, kind):
            raise EngineInputError(f"{name}[{place}] is {part!r}: give a {kind.__name__}")
    if not parts and name != "outages":
        raise EngineInputError(f"{name} is empty: give at least one {kind.__name__}")
    object.__setattr__(plan, name, parts)


def _by_interval(name: str, values: NDArray[Any], what: str = "one number, or one per interval") -> NDArray[Any]:
    if values.ndim > 1 or values.size == 0:
        raise EngineInputError(f"{name} has shape {values.shape}: give {what}")
    return np.atleast_1d(values)


def _shares(name: str, values: ArrayLike) -> NDArray[Any]:
    shares = numbers(name, values, minimum=0.0, maximum=1.0 + 1e-9, ndim=1)
    if abs(float(shares.sum()) - 1.0) > 1e-9:
        raise EngineInputError(f"{name} sums to {shares.sum():.12g}: give shares that sum to 1")
    return shares


def _check_window(start: float, end: float | None, end_name: str, start_name: str) -> None:
    if end is None:
        return
    numbers(end_name, end, minimum=0.0, maximum=LONGEST_PLAN_MINUTES, ndim=0)
    if end <= start:
        raise EngineInputError(f"{end_name} is {end:g}: give a time after {start_name} ({start:g})")


def _check_lengths(plan: SimulationPlan) -> None:
    named = [(f"classes[{k}].arrivals_per_hour", c.arrivals_per_hour) for k, c in enumerate(plan.classes)]
    named += [(f"groups[{g}].agents", group.agents) for g, group in enumerate(plan.groups)]
    for name, values in named:
        if np.size(values) not in (1, plan.intervals):
            raise EngineInputError(f"{name} has {np.size(values)} intervals: give 1 or {plan.intervals}, as the others")
    for g, group in enumerate(plan.groups):
        if np.size(group.handle_factor) not in (1, len(plan.classes)):
            raise EngineInputError(f"groups[{g}].handle_factor: give one number, or one per class")
    for k, work in enumerate(plan.classes):
        if work.arrival_minutes is not None and np.max(work.arrival_minutes, initial=0.0) >= plan.horizon_minutes:
            raise EngineInputError(
                f"classes[{k}].arrival_minutes ends after the plan: give times below {plan.horizon_minutes:g}"
            )


def _check_places(plan: SimulationPlan) -> None:
    known = {"work_class": len(plan.classes), "group": len(plan.groups), "failover_group": len(plan.groups)}
    for part in (*plan.rules, *plan.outages):
        for name, count in known.items():
            value = getattr(part, name, None)
            if value is not None and value >= count:
                raise EngineInputError(f"{name} is {value} in {part}: there are {count}, counted from 0")
    without = set(range(len(plan.classes))) - {rule.work_class for rule in plan.rules}
    if without:
        raise EngineInputError(f"no rule serves class {min(without)}: give a RoutingRule for each class")
