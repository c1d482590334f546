"""Who should learn what, held against a plan. About people and all of a pool's need: for who sees every account."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.capacity.compute import PlanResult
from closeknit.rooms.capacity.compute.prices import money
from closeknit.rooms.capacity.compute.summary import SHORT_FROM_HOURS
from closeknit.rooms.capacity.compute.training import (
    Choice,
    Option,
    StatedHours,
    Trainee,
    TrainingInputs,
    TrainingResult,
    find_training,
)
from closeknit.rooms.capacity.compute.what_if.quote import by_week
from closeknit.rooms.capacity.contracts.training import (
    MOST_BUDGET_HOURS,
    TRAINING_BUDGET_HOURS,
    TRAINING_HOURS,
    TRAINING_HOURS_OF,
    TrainingAsked,
    TrainingCase,
    TrainingKept,
    TrainingOption,
    TrainingPerson,
    TrainingStep,
    training_hours_by_name,
)
from closeknit.rooms.capacity.models import Pool, StaffMember
from closeknit.rooms.capacity.reads.plans import get_plan
from closeknit.rooms.capacity.reads.what_if import PlanToChange, as_it_was_made, get_plan_to_change
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, SettingPlace

Card = TypeVar("Card")
ANSWERS_KEPT = 8
ASSUMPTIONS = (
    (
        "The plan counts hours by pool, not by person. A person's hours are those of the contract, less the absences "
        "of the pool, over the week as the pool's own lines are."
    ),
    (
        "Each hour is used once: it stays or goes to the other pool, whichever saves more. What is lost at home for it "
        "is counted against it."
    ),
    "Who has learnt it works at full pace at once, as fast as the others there: no learning curve is known.",
    "Training is paid at the cost of a person's own pool, and is taken to lie in weeks with hours to spare there.",
    (
        "A pool asks for its services; people have those of their pool and the skills stated. The same work elsewhere "
        "is a loan and no skill, unless that pool takes hours of its own to learn."
    ),
    "People shown together are alike in pool, hours and skills. Who wants to learn it is for you to say.",
)


def get_training_case(
    asked: TrainingAsked | None = None, *, operation: str = "", plan_id: UUID | None = None, by: Actor, at: datetime
) -> TrainingCase:
    """Return who should learn what: measured on a plan, the named one, or that in force, or the newest draft.

    Raises:
        NotFound: where there is no such plan, or for who sees only some accounts.
        Invalid: for a budget that is none, or hours in the settings that cannot be read.
    """
    by.require(Permission.READ_CAPACITY)
    if not by.scope_of(Permission.READ_CAPACITY).every_account:
        raise NotFound("Training is shown to who sees every account.", where=operation, todo="Ask somebody who plans.")
    plan = get_plan_to_change(plan_id, operation=operation, by=by)
    rows = _staff(plan)
    told = _told(plan, rows, asked or TrainingAsked(), by=by, at=at)
    whole = as_it_was_made(plan, [pool.pool for pool in plan.inputs.pools])
    found = _found(plan.plan_id, told)
    return _Case(plan, whole, told, found, _names(rows, by)).told_to(by)


def _staff(plan: PlanToChange) -> list[StaffMember]:
    pools = [pool.pool for pool in plan.inputs.pools]
    rows = StaffMember.objects.filter(pool__pool__in=pools, is_active=True).select_related("pool")
    return list(rows.order_by("pool__pool", "person"))


def _names(rows: Iterable[StaffMember], by: Actor) -> dict[tuple[str, str], str]:
    if not by.may(Permission.READ_PERSONAL):
        return {}
    return {(row.pool.pool, row.person): row.person_name for row in rows}


def _told(
    plan: PlanToChange, rows: Iterable[StaffMember], asked: TrainingAsked, *, by: Actor, at: datetime
) -> TrainingInputs:
    budget = asked.budget_hours
    if budget is None:
        budget = float(org.get_settings(TRAINING_BUDGET_HOURS, [SettingPlace()], at=at, by=by)[0].value)
    if not 0.0 <= budget <= MOST_BUDGET_HOURS:
        raise Invalid(
            "This is no number of training hours.", where="budget_hours", todo=f"Give 0 to {MOST_BUDGET_HOURS:,.0f}."
        )
    people = tuple(Trainee(row.person, row.pool.pool, tuple(sorted(row.skills)), row.week_minutes) for row in rows)
    return TrainingInputs(people, _stated(plan, by=by, at=at), budget, asked.uses_skills_held)


def _stated(plan: PlanToChange, *, by: Actor, at: datetime) -> tuple[StatedHours, ...]:
    """Return how long things take to learn, as set for each pool's site, its region where it has one, or for all."""
    known = {row.pool: row for row in Pool.objects.filter(pool__in=[pool.pool for pool in plan.inputs.pools])}
    names = sorted(known)
    places = [known[name].setting_place for name in names]
    hours = org.get_settings(TRAINING_HOURS, places, at=at, by=by)
    texts = org.get_settings(TRAINING_HOURS_OF, places, at=at, by=by)
    return tuple(
        StatedHours(name, float(each.value), tuple(sorted(training_hours_by_name(str(text.value)).items())))
        for name, each, text in zip(names, hours, texts, strict=True)
    )


@lru_cache(maxsize=ANSWERS_KEPT)
def _found(plan_id: UUID, told: TrainingInputs) -> TrainingResult:
    """Plans never change, so an answer is that of its plan, its people and its hours."""
    plan = get_plan_to_change(plan_id, by=org.system_actor())
    return find_training(plan.inputs, as_it_was_made(plan, [pool.pool for pool in plan.inputs.pools]), told)


class _Case:
    """An answer in words and money, and as far as the reader may see it."""

    def __init__(
        self,
        plan: PlanToChange,
        whole: PlanResult,
        told: TrainingInputs,
        found: TrainingResult,
        names: Mapping[tuple[str, str], str],
    ) -> None:
        self.plan, self.whole, self.told, self.found, self.names = plan, whole, told, found, names
        self.pools = {pool.pool: pool for pool in plan.inputs.pools}
        self.weeks = plan.inputs.weeks
        self.short = {each.need.pool.pool: by_week(each, each.short.sum(axis=0), self.weeks) for each in whole.pools}
        self.over = {each.need.pool.pool: by_week(each, each.overtime, self.weeks) for each in whole.pools}

    def told_to(self, by: Actor) -> TrainingCase:
        """Return the whole case, with None where the reader may not read."""
        card, found = get_plan(self.plan.plan_id, by=by), self.found
        case = TrainingCase(
            plan_id=self.plan.plan_id,
            thread_id=card.thread_id,
            operation=self.plan.operation,
            state=card.state.value,
            first_on=card.first_on,
            weeks=self.weeks,
            currency=self.plan.currency,
            budget_hours=self.told.budget_hours,
            uses_skills_held=self.told.uses_skills_held,
            people=len(self.told.people),
            skills_held_people=found.held_people,
            skills_held_worth_per_week=money(found.held_worth / self.weeks),
            options=tuple(_shown(self._options(found.options, by), by)),
            unranked=tuple(_shown(self._options(found.unranked, by), by)),
            programme=tuple(_shown(self._steps(), by)),
            unstated=found.unstated,
            pools_without_people=self._unpeopled(),
            verdict=self._verdict(),
            assumptions=ASSUMPTIONS,
            inputs_digest=found.inputs_digest,
            digest=found.digest,
        )
        return _shown([case], by)[0]

    def _options(self, options: Sequence[Option], by: Actor) -> list[TrainingOption]:
        return [self._option(each, by) for each in options]

    def _option(self, each: Option, by: Actor) -> TrainingOption:
        home, target = self.pools[each.pool], self.pools[each.to_pool]
        hours, week = each.training_hours, each.worth / self.weeks
        cost = None if hours is None else hours * float(home.cost_per_hour)
        people = [TrainingPerson(who, self.names.get((each.pool, who), who)) for who in each.people]
        return TrainingOption(
            pool=each.pool,
            pool_name=home.name,
            to_pool=each.to_pool,
            to_pool_name=target.name,
            skills=each.missing,
            people=tuple(_shown(people, by)),
            week_hours=each.week_minutes / 60.0,
            training_hours=hours,
            short_hours_less_per_week=each.short_hours_less / self.weeks,
            overtime_hours_less_per_week=each.overtime_hours_less / self.weeks,
            hours_moved_per_week=each.hours_moved / self.weeks,
            worth_per_week=money(week),
            at_most_per_week=money(each.at_most / self.weeks),
            worth_per_training_hour=None if hours is None else money(week / hours),
            training_cost=None if cost is None else money(cost),
            weeks_to_pay=None if cost is None else round(cost / week, 1),
            sentence=self._why(each),
        )

    def _why(self, each: Option) -> str:
        """Say which weeks are short, and what one person more does about it."""
        return f"{self._lacks(each.to_pool)} {self._does(each)}"

    def _lacks(self, pool: str) -> str:
        name, short, over = self.pools[pool].name, self.short[pool], self.over[pool]
        weeks = [week for week, hours in zip(self.whole.week_on, short, strict=True) if hours > SHORT_FROM_HOURS]
        if weeks:
            worst = self.whole.week_on[int(short.argmax())]
            return (
                f"{name} is short in {_counted(len(weeks), self.weeks)} ({_days(weeks)}), by {short.sum():,.1f} hours, "
                f"most in the week of {worst}."
            )
        if over.sum() > SHORT_FROM_HOURS:
            worked = [week for week, hours in zip(self.whole.week_on, over, strict=True) if hours > SHORT_FROM_HOURS]
            return (
                f"{name} keeps its promises with {over.sum():,.1f} hours of overtime in "
                f"{_counted(len(worked), self.weeks)} ({_days(worked)})."
            )
        return f"{name} lacks nothing as planned: it would take over from those who help it already."

    def _does(self, each: Option) -> str:
        parts = []
        if each.short_hours_less / self.weeks > SHORT_FROM_HOURS:
            parts.append(f"{each.short_hours_less / self.weeks:,.1f} fewer are short")
        if each.overtime_hours_less / self.weeks > SHORT_FROM_HOURS:
            parts.append(f"{each.overtime_hours_less / self.weeks:,.1f} fewer are overtime")
        said = " and ".join(parts) or "dearer hours are kept and cheaper ones given up"
        moved = (
            f"{each.hours_moved / self.weeks:,.1f} hours a week go there" if each.hours_moved > 0 else "Nobody moves"
        )
        return f"With one person more, {moved}: {said}." if each.hours_moved > 0 else f"{moved}: {said}."

    def _steps(self) -> list[TrainingStep]:
        steps: list[TrainingStep] = []
        hours = worth = 0.0
        for choice in self.found.programme:
            hours += choice.option.training_hours or 0.0
            worth += choice.option.worth / self.weeks
            steps.append(self._step(choice, hours, worth))
        return steps

    def _step(self, choice: Choice, hours_so_far: float, worth_so_far: float) -> TrainingStep:
        each = choice.option
        home, target, hours = self.pools[each.pool], self.pools[each.to_pool], each.training_hours or 0.0
        week, cost = each.worth / self.weeks, hours * float(home.cost_per_hour)
        kept = tuple(
            TrainingKept(who.account_number, who.tier, round(less / self.weeks, 6)) for who, less in choice.kept
        )
        return TrainingStep(
            person=choice.person,
            name=self.names.get((each.pool, choice.person), choice.person),
            pool=each.pool,
            pool_name=home.name,
            to_pool=each.to_pool,
            to_pool_name=target.name,
            skills=each.missing,
            training_hours=hours,
            hours_so_far=hours_so_far,
            short_hours_less_per_week=each.short_hours_less / self.weeks,
            worth_per_week=money(week),
            worth_so_far_per_week=money(worth_so_far),
            worth_per_training_hour=money(week / hours),
            training_cost=money(cost),
            weeks_to_pay=round(cost / week, 1),
            kept=kept,
            sentence=f"{self._does(each)} {_better(kept)}".strip(),
        )

    def _unpeopled(self) -> tuple[str, ...]:
        staffed = {each.pool for each in self.told.people}
        return tuple(pool.name for pool in self.plan.inputs.pools if pool.pool not in staffed)

    def _verdict(self) -> str:
        found = self.found
        if not self.told.people:
            return "Nobody is known to work in the pools of this plan, so nobody can be named who should learn."
        if found.programme:
            first = found.programme[0]
            more = len(found.programme) - 1
            rest = f", then {more} more" if more else ""
            return (
                f"{first.person} of {self.pools[first.option.pool].name} learns "
                f"{' and '.join(first.option.missing)} for {self.pools[first.option.to_pool].name} first{rest}."
            )
        if found.options:
            return "What would help takes more hours than the programme has."
        if found.unranked:
            return "Training would help, but nobody said how long it takes: state the hours, and it is ranked."
        return "Nobody has to learn anything for this plan: no training saves overtime or a shortage."


def _counted(count: int, weeks: int) -> str:
    return f"{count} of {weeks} weeks"


def _days(weeks: Sequence[date]) -> str:
    shown = ", ".join(f"{week}" for week in weeks[:4])
    return shown if len(weeks) <= 4 else f"{shown} and {len(weeks) - 4} more"


def _better(kept: Sequence[TrainingKept]) -> str:
    """Say whose promises are kept better."""
    if not kept:
        return ""
    named = [f"{each.account_number or f'the rest of tier {each.tier}'}" for each in kept[:3]]
    others = f" and {len(kept) - 3} more" if len(kept) > 3 else ""
    return f"Kept better: {', '.join(named)}{others}."


def _shown(cards: Iterable[Card], by: Actor) -> list[Card]:
    return org.redact(cards, by=by, account_of=None, seen_by=Permission.READ_CAPACITY)
