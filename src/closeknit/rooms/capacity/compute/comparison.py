"""A draft plan beside the plan in force: what changes, and which accounts gain and lose by it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class PlanSide:
    """One of two plans to compare. Hours and money are sums over its weeks; `claims` are its week rows by account."""

    first_on: date
    weeks: int
    coverage_share: float
    short_hours: float
    overtime_hours: float
    cost: Decimal
    shortfall_cost: Decimal
    accounts_short: int
    top_tier_accounts_short: int
    currency: str
    claims: tuple[tuple[str, float, Decimal], ...]


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What one account gains (above 0) or loses by the draft, over the draft's weeks, in its currency."""

    account_number: str
    amount: Decimal
    sentence: str


def describe(side: PlanSide | None) -> dict[str, Any]:
    """Return what is shown of one side, by name; every figure of a week, so that plans of any length compare."""
    if side is None:
        return {}
    weeks = side.weeks
    return {
        "weeks": f"{weeks} from {side.first_on}",
        "coverage": f"{side.coverage_share:.1%}",
        "hours short a week": f"{side.short_hours / weeks:,.1f}",
        "overtime hours a week": f"{side.overtime_hours / weeks:,.1f}",
        "cost a week": f"{side.currency} {side.cost / weeks:,.2f}",
        "shortfall cost a week": f"{side.currency} {side.shortfall_cost / weeks:,.2f}",
        "accounts short": side.accounts_short,
        "accounts of top tiers short": side.top_tier_accounts_short,
    }


def account_changes(draft: PlanSide, before: PlanSide | None) -> tuple[AccountChange, ...]:
    """Return which accounts are shorter or less short than in the plan in force, the biggest loss first.

    Without a plan in force, or with one in another currency, what is short now is the loss.
    """
    comparable = before if before and before.currency == draft.currency else None
    now, then = _by_account(draft.claims), _by_account(comparable.claims if comparable else ())
    changes = []
    for number in sorted({*now, *then}):
        hours, cost = _a_week(now.get(number), draft.weeks)
        hours_before, cost_before = _a_week(then.get(number), comparable.weeks if comparable else 1)
        amount = ((cost_before - cost) * draft.weeks).quantize(CENT)
        if amount or abs(hours - hours_before) >= 0.05:
            was = f", was {hours_before:,.1f}" if comparable else ""
            changes.append(AccountChange(number, amount, f"{hours:,.1f} hours short a week{was}."))
    return tuple(sorted(changes, key=lambda change: (change.amount, change.account_number)))


def _by_account(claims: Iterable[tuple[str, float, Decimal]]) -> Mapping[str, tuple[float, Decimal]]:
    sums: dict[str, tuple[float, Decimal]] = {}
    for number, hours, cost in claims:
        if number:
            so_far = sums.get(number, (0.0, Decimal(0)))
            sums[number] = (so_far[0] + hours, so_far[1] + cost)
    return sums


def _a_week(summed: tuple[float, Decimal] | None, weeks: int) -> tuple[float, Decimal]:
    hours, cost = summed or (0.0, Decimal(0))
    return hours / weeks, cost / weeks
