"""Which training is worth most per hour: options measured one by one, and a programme chosen step by step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from closeknit.kernel.canonical import digest
from closeknit.rooms.capacity.compute.inputs import PlanInputs, PoolInput, digest_of, snapshot_of
from closeknit.rooms.capacity.compute.need import Claimant
from closeknit.rooms.capacity.compute.plan import PlanResult
from closeknit.rooms.capacity.compute.rosters.ordering import natural
from closeknit.rooms.capacity.compute.training.inputs import (
    TRAINING_VERSION,
    StatedHours,
    Trainee,
    TrainingInputs,
    hours_to_learn,
    skills_missing,
)
from closeknit.rooms.capacity.compute.training.shared import Flow, Outcome, SharedPlan

MOST_MEASURED, MOST_UNRANKED, MOST_STEPS = 60, 10, 25
LEAST_WORTH = 0.005
"""A week's worth below half a hundredth of the currency is none."""


@dataclass(frozen=True, slots=True)
class Option:
    """What one of some people, who are alike, would bring by learning for another pool. Totals over the plan's weeks.

    `targets`: pools that these people help in already. `at_most`: the bound on `worth` by the plan's prices alone.
    """

    pool: str
    to_pool: str
    missing: tuple[str, ...]
    week_minutes: int
    training_hours: float | None
    people: tuple[str, ...]
    targets: tuple[str, ...] = ()
    at_most: float = 0.0
    worth: float = 0.0
    short_hours_less: float = 0.0
    overtime_hours_less: float = 0.0
    hours_moved: float = 0.0

    @property
    def worth_per_training_hour(self) -> float:
        """The plan's worth of an hour of training; 0 where nobody said how many it takes."""
        return self.worth / self.training_hours if self.training_hours else 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A step of the programme: who learns, and what that brings beside the steps before it."""

    person: str
    option: Option
    kept: tuple[tuple[Claimant, float], ...]


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """Options, most per training hour first; those without stated hours; the programme; what skills held bring.

    `unstated`: skills and pools that nobody said the hours of, though somebody could learn them with use.
    """

    options: tuple[Option, ...]
    unranked: tuple[Option, ...]
    programme: tuple[Choice, ...]
    unstated: tuple[str, ...]
    held_people: int
    held_worth: float
    inputs_digest: str
    digest: str


def find_training(inputs: PlanInputs, result: PlanResult, told: TrainingInputs) -> TrainingResult:
    """Find who should learn what, for the plan as it is. Pure: equal inputs give equal digests.

    Prices choose what is worth solving, and bound what is not: a choice is the best of all, not of those tried.
    """
    search = _Search(inputs, result, told)
    ranked = search.measured(search.start, MOST_MEASURED, stated=True)
    unranked = search.measured(search.start, MOST_UNRANKED, stated=False)
    ranked.sort(key=lambda each: (-each.worth_per_training_hour, _order(each)))
    unranked.sort(key=lambda each: (-each.worth, _order(each)))
    programme = tuple(search.programme())
    came_in = digest([TRAINING_VERSION, digest_of(snapshot_of(inputs)), inputs.forecast_digest, told])
    plan, held = search.outcome({}), search.outcome(search.start)
    unstated = {skill for each in unranked for skill in search.without_hours(each)}
    return TrainingResult(
        options=tuple(ranked),
        unranked=tuple(unranked),
        programme=programme,
        unstated=tuple(sorted(unstated)),
        held_people=len(search.start),
        held_worth=round(plan.cost - held.cost, 6),
        inputs_digest=came_in,
        digest=digest([came_in, ranked, unranked, [[each.person, each.option, each.kept] for each in programme]]),
    )


_State = Mapping[str, tuple[str, ...]]
"""Who helps in which other pools already: by person and pool of work."""


class _Search:
    """People, what they lack for which pool, and what it brings when some of them learn it."""

    def __init__(self, inputs: PlanInputs, result: PlanResult, told: TrainingInputs) -> None:
        self.told = told
        self.shared = SharedPlan(result, told.people)
        self.pools = {pool.pool: pool for pool in inputs.pools if pool.pool in self.shared.plans}
        self.stated = {each.pool: each for each in told.stated}
        self.people = {
            _key(each): each
            for each in sorted(told.people, key=lambda p: (p.pool, natural(p.person)))
            if each.pool in self.pools
        }
        self.start: dict[str, tuple[str, ...]] = {}
        if told.uses_skills_held:
            held = {key: tuple(self._held(each)) for key, each in self.people.items()}
            self.start = {key: targets for key, targets in held.items() if targets}

    def _hours_for(self, pool: str) -> StatedHours:
        return self.stated.get(pool, StatedHours(pool, 0.0))

    def _missing(self, each: Trainee, pool: PoolInput) -> tuple[str, ...]:
        return skills_missing(each, self.pools[each.pool], pool, self._hours_for(pool.pool))

    def _held(self, each: Trainee) -> Iterator[str]:
        """Other work that somebody has the skills for. The same work at another pool is a loan, not a skill."""
        home = {service.lower() for service in self.pools[each.pool].services}
        for name, pool in sorted(self.pools.items()):
            if name != each.pool and not set(map(str.lower, pool.services)) <= home and not self._missing(each, pool):
                yield name

    def without_hours(self, option: Option) -> list[str]:
        """Return which of the skills that an option takes have no stated hours."""
        stated = self._hours_for(option.to_pool)
        return [skill for skill in option.missing if hours_to_learn((skill,), stated) is None]

    def outcome(self, state: _State) -> Outcome:
        """Return the plan's least cost when these people's hours may go to the pools that they help in."""
        return self.shared.outcome(
            Flow(self.people[key].pool, targets, (self.people[key].week_minutes,)) for key, targets in state.items()
        )

    def options(self, state: _State, *, stated: bool) -> list[Option]:
        """Return what could be learnt now, people who are alike together; not measured yet."""
        found: dict[tuple[object, ...], Option] = {}
        for key, each in self.people.items():
            for name, pool in sorted(self.pools.items()):
                missing = () if name == each.pool or name in state.get(key, ()) else self._missing(each, pool)
                hours = hours_to_learn(missing, self._hours_for(name))
                if missing and (hours is not None) == stated:
                    kind = (each.pool, name, missing, each.week_minutes, state.get(key, ()))
                    base = Option(each.pool, name, missing, each.week_minutes, hours, (), state.get(key, ()))
                    option = found.get(kind, base)
                    found[kind] = replace(option, people=(*option.people, each.person))
        return list(found.values())

    def measured(self, state: _State, most: int, *, stated: bool) -> list[Option]:
        """Return options that bring anything, measured; the `most` with the highest bound by prices."""
        now = self.outcome(state)
        bounded = self._bounded(now, self.options(state, stated=stated))
        measured = [self._measure(state, now, each) for each in bounded[:most]]
        return [each for each in measured if each.worth / self.shared.weeks >= LEAST_WORTH]

    def _bounded(self, now: Outcome, options: Sequence[Option]) -> list[Option]:
        """Return options with the most that each can bring, the most per training hour first."""
        found = []
        for each in options:
            most = self.shared.at_most(now, each.pool, each.to_pool, each.week_minutes)
            if most / self.shared.weeks >= LEAST_WORTH:
                found.append(replace(each, at_most=round(most, 6)))
        return sorted(found, key=lambda each: (-each.at_most / (each.training_hours or 1.0), _order(each)))

    def _measure(self, state: _State, now: Outcome, option: Option) -> Option:
        after = self.outcome(self._learnt(state, option))
        return replace(
            option,
            worth=round(now.cost - after.cost, 6),
            short_hours_less=round(now.short_hours - after.short_hours, 6),
            overtime_hours_less=round(now.overtime_hours - after.overtime_hours, 6),
            hours_moved=round(after.moved_hours - now.moved_hours, 6),
        )

    def _learnt(self, state: _State, option: Option) -> dict[str, tuple[str, ...]]:
        key = f"{option.pool}:{option.people[0]}"
        return {**state, key: tuple(sorted((*state.get(key, ()), option.to_pool)))}

    def programme(self) -> Iterator[Choice]:
        """Choose one training after another within the budget, each the best beside those before it."""
        state, left = dict(self.start), self.told.budget_hours
        for _ in range(MOST_STEPS):
            now = self.outcome(state)
            fits = [each for each in self.options(state, stated=True) if (each.training_hours or 0.0) <= left]
            best = self._best(state, now, self._bounded(now, fits))
            if best is None:
                return
            state, left = self._learnt(state, best), left - (best.training_hours or 0.0)
            yield Choice(best.people[0], best, _kept(now, self.outcome(state)))

    def _best(self, state: _State, now: Outcome, bounded: Sequence[Option]) -> Option | None:
        """Return the option worth most per training hour: measured, until no bound of the rest is above it."""
        best: Option | None = None
        for each in bounded:
            if best is not None and each.at_most / (each.training_hours or 1.0) <= best.worth_per_training_hour:
                break
            found = self._measure(state, now, each)
            enough = found.worth / self.shared.weeks >= LEAST_WORTH
            if enough and (best is None or found.worth_per_training_hour > best.worth_per_training_hour + 1e-9):
                best = found
        return best


def _kept(before: Outcome, after: Outcome) -> tuple[tuple[Claimant, float], ...]:
    """Return who is short of fewer hours, the most first. Who gives way for them is not among them."""
    less = [(who, round(hours - after.short.get(who, 0.0), 6)) for who, hours in before.short.items()]
    kept = [(who, hours) for who, hours in less if hours > 0.05]
    return tuple(sorted(kept, key=lambda each: (-each[1], each[0].tier, each[0].account_number)))


def _key(each: Trainee) -> str:
    return f"{each.pool}:{each.person}"


def _order(each: Option) -> tuple[object, ...]:
    return (each.pool, each.to_pool, each.week_minutes, each.missing, each.targets, natural(each.people[0]))
