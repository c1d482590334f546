"""Which promise each week of a plan is made for: the versions in force on its days, the stricter where two hold."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from closeknit.rooms.agreements.contracts import Term, pick_term
from closeknit.rooms.capacity.compute.inputs import PlanInputs
from closeknit.rooms.demand.contracts import ForecastKey

Picks = tuple[Term | None, ...]
"""The promise of each series; None: nothing was promised."""


@dataclass(frozen=True, slots=True)
class Spell:
    """Weeks of a plan, counted from 0 (`until_week` is exclusive), in which the same promises hold."""

    first_week: int
    until_week: int
    terms: Picks


def spells_of(inputs: PlanInputs, keys: Sequence[ForecastKey]) -> tuple[Spell, ...]:
    """Return the plan's weeks as spells of equal promises of some series.

    A promise is kept on each of its days. So a week in which another version begins is planned for the stricter of
    the two (shorter time, then higher share, then higher credit), the whole week.
    """
    if not inputs.terms_by_week:
        return (Spell(0, inputs.weeks, _picked(inputs.terms, keys)),)
    by_week = list(_by_week(inputs, keys))
    begins = [w for w in range(inputs.weeks) if w == 0 or by_week[w] != by_week[w - 1]]
    ends = [*begins[1:], inputs.weeks]
    return tuple(Spell(begin, end, by_week[begin]) for begin, end in zip(begins, ends, strict=True))


def worded(term: Term, inputs: PlanInputs) -> str:
    """Say a promise; where its version begins in the plan, of which term, and from when; where it ends there, too."""
    if not inputs.terms_by_week:
        return term.sentence
    end = inputs.first_on + timedelta(days=7 * inputs.weeks)
    begins = f" from {term.starts_on}" if term.starts_on > inputs.first_on else ""
    ends = f" until {term.ends_on - timedelta(days=1)}" if term.ends_on is not None and term.ends_on < end else ""
    return f"{term.sentence} ({term.term_number}{begins}{ends})" if begins or ends else term.sentence


def said_changes(inputs: PlanInputs) -> list[str]:
    """Say that promises begin or end within the plan, and how such weeks are planned. Names no account and no day."""
    end = inputs.first_on + timedelta(days=7 * inputs.weeks)
    days = {day for t in inputs.terms for day in (t.starts_on, t.ends_on) if day and inputs.first_on < day < end}
    if not days or not inputs.terms_by_week:
        return []
    said = (
        "Promises begin or end within the plan: each week is planned for the versions in force on its days, and for "
        "the stricter (shorter time, then higher share) where two are."
    )
    return [said]


def said_with_tier(inputs: PlanInputs, alone: Iterable[str]) -> list[str]:
    """Say that promises to accounts without claims of their own (`alone` are those with) count as their tier's do."""
    if {t.account_number for t in inputs.terms} - {"", *alone}:
        said = (
            "An account with too little work for a forecast of its own is planned with its tier, by the tier's "
            "promise, whatever was promised to it alone."
        )
        return [said]
    return []


def in_force(terms: Iterable[Term], on: date) -> tuple[Term, ...]:
    """Return the versions that hold on a day."""
    return tuple(t for t in terms if t.starts_on <= on and (t.ends_on is None or t.ends_on > on))


def terms_of_week(inputs: PlanInputs, week_on: date) -> tuple[Term, ...]:
    """Return every version that holds on a day of a week of the plan."""
    if not inputs.terms_by_week:
        return inputs.terms
    return tuple(t for t in inputs.terms if holds_in_week(t, week_on))


def holds_in_week(term: Term, week_on: date) -> bool:
    """Tell whether a version holds on any day of the week from a Monday on."""
    return term.starts_on < week_on + timedelta(days=7) and (term.ends_on is None or term.ends_on > week_on)


def _by_week(inputs: PlanInputs, keys: Sequence[ForecastKey]) -> Iterator[Picks]:
    days = [inputs.first_on + timedelta(days=day) for day in range(7 * inputs.weeks)]
    changes = {day for t in inputs.terms for day in (t.starts_on, t.ends_on)} & set(days)
    held = _picked(in_force(inputs.terms, inputs.first_on), keys)
    for week in range(inputs.weeks):
        strictest: Picks | None = None
        for day in days[7 * week : 7 * week + 7]:
            if day in changes:
                held = _picked(in_force(inputs.terms, day), keys)
            if strictest is None:
                strictest = held
            elif strictest is not held:
                strictest = tuple(map(stricter, strictest, held))
        assert strictest is not None
        yield strictest


def _picked(terms: Sequence[Term], keys: Sequence[ForecastKey]) -> Picks:
    standing: list[Term] = []
    own: dict[str, list[Term]] = {}
    for term in terms:
        (own.setdefault(term.account_number, []) if term.account_number else standing).append(term)
    return tuple(
        pick_term(
            (*own.get(key.account_number, ()), *standing),
            account_number=key.account_number,
            tier=key.tier,
            service=key.service,
            work_class=key.work_class,
        )
        for key in keys
    )


def stricter(one: Term | None, other: Term | None) -> Term | None:
    """Return the stricter of two promises: shorter time, then higher share, then higher credit; the first, if equal."""
    if one is None or other is None:
        return one or other
    return min(one, other, key=lambda t: (t.threshold_minutes, -t.target_share, -(t.credit_per_miss or 0)))
