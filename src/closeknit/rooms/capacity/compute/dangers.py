"""What in the live plans of an operation needs people: shortfalls, terms below target, surges. No database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from closeknit.kernel.canonical import digest
from closeknit.rooms.agreements.contracts import Term
from closeknit.rooms.capacity.compute.promises import holds_in_week
from closeknit.rooms.capacity.compute.summary import SHORT_FROM_HOURS
from closeknit.rooms.customers.contracts import TOP_TIERS

MOST_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Claimed:
    """What an account needs and gets from a pool in a week of a plan; `services` are those that the pool serves."""

    pool: str
    services: tuple[str, ...]
    week_on: date
    tier: str
    account_number: str
    need_hours: float
    served_hours: float
    short_hours: float
    is_committed: bool


@dataclass(frozen=True, slots=True)
class Danger:
    """One thing that needs people: the escalation path, a stable cause, and what to say. Names no prices."""

    path: str
    cause: str
    title: str
    summary: str
    account_number: str = ""


def find_dangers(operation: str, claims: Sequence[Claimed], terms: Iterable[Term]) -> list[Danger]:
    """Return the shortfalls and the endangered terms of the accounts in live plans, in a fixed order."""
    own = [claim for claim in claims if claim.account_number]
    return [*_shortfalls(operation, own), *_below_target(operation, own, terms)]


def find_surge(
    operation: str, planned: Mapping[date, float], now: Mapping[date, float], most_growth_share: float
) -> Danger | None:
    """Return the surge if some week outgrew the plan in force by more than a share (units per week, by Monday)."""
    growth = {week: now[week] / planned[week] - 1.0 for week in planned.keys() & now.keys() if planned[week] > 0}
    if not growth or max(growth.values()) <= most_growth_share:
        return None
    week = max(growth, key=lambda w: (growth[w], w))
    return Danger(
        "surge",
        cause_of("surge", operation),
        f"Demand for {operation} outgrows its plan",
        f"The week of {week} is now expected to bring {now[week]:,.0f} units (80 % quantile), {growth[week]:.0%} more "
        f"than the plan in force was made for; up to {most_growth_share:.0%} more is taken as normal.",
    )


def cause_of(kind: str, operation: str, *about: str) -> str:
    """Return a stable cause: the same danger has the same one whenever a plan is made. Long ones end in a digest."""
    cause = ":".join((kind, operation, *about))
    return cause if len(cause) <= MOST_LETTERS else f"{cause[:150]}:{digest([operation, *about])[:32]}"


def _shortfalls(operation: str, claims: Iterable[Claimed]) -> list[Danger]:
    short: dict[tuple[str, str], list[Claimed]] = {}
    for claim in claims:
        if claim.tier in TOP_TIERS and claim.short_hours >= SHORT_FROM_HOURS:
            short.setdefault((claim.account_number, claim.pool), []).append(claim)
    return [
        Danger(
            "shortfall",
            cause_of("shortfall", operation, pool, account),
            f"{account} is short in the plan of {operation}",
            f"{sum(c.short_hours for c in rows):,.1f} hours short in pool {pool}, first in the week of "
            f"{min(c.week_on for c in rows)}{'' if any(c.is_committed for c in rows) else '; the plan is a draft'}.",
            account,
        )
        for (account, pool), rows in sorted(short.items())
    ]


def _below_target(operation: str, claims: Sequence[Claimed], terms: Iterable[Term]) -> list[Danger]:
    """Return the accounts' own terms that a week covers below target: a conflict once a plan in force does so."""
    found = []
    for term in sorted((t for t in terms if t.account_number), key=lambda t: (t.term_number, t.starts_on)):
        mine = [
            c
            for c in claims
            if c.account_number == term.account_number
            and holds_in_week(term, c.week_on)
            and (not term.service or term.service in c.services or "*" in c.services)
        ]
        draft, committed = (_worst([c for c in mine if c.is_committed is side]) for side in (False, True))
        if committed is not None and committed[1] < term.target_share:
            found.append(_danger("commitment-conflict", "The plan in force", operation, term, committed))
        elif draft is not None and draft[1] < term.target_share:
            found.append(_danger("threatened-term", "A draft plan", operation, term, draft))
    # Two versions of a term are one cause: the earlier tells of it.
    return list({danger.cause: danger for danger in reversed(found)}.values())[::-1]


def _worst(claims: Iterable[Claimed]) -> tuple[date, float] | None:
    sums: dict[date, tuple[float, float]] = {}
    for claim in claims:
        need, served = sums.get(claim.week_on, (0.0, 0.0))
        sums[claim.week_on] = (need + claim.need_hours, served + claim.served_hours)
    shares = [
        (served / need, week) for week, (need, served) in sums.items() if need > 0 and need - served >= SHORT_FROM_HOURS
    ]
    return (min(shares)[1], min(shares)[0]) if shares else None


def _danger(path: str, plan: str, operation: str, term: Term, worst: tuple[date, float]) -> Danger:
    return Danger(
        path,
        cause_of(path, operation, term.term_number),
        f"{plan} of {operation} does not keep “{term.sentence}” for {term.account_number}",
        f"In the week of {worst[0]} it covers {worst[1]:.1%} of the need; the term {term.term_number} promises "
        f"{term.target_share:.1%}.",
        term.account_number,
    )
