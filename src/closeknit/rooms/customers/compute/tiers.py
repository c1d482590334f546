"""Tiers by rank: pure, no database."""

from collections.abc import Mapping
from decimal import Decimal
from math import ceil

from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.sensing.contracts import AccountRule, WorkTotal

_WORDS = {"amount": "order value", "quantity": "units of work"}


def rank_tiers(totals: Mapping[str, WorkTotal], rule: AccountRule) -> dict[str, tuple[Tier, str]]:
    """Return each account's tier and the sentence that says why, by rank of `rule.rank_by`, largest first.

    Ties are ordered by account number, so that equal data always gives equal tiers. A tier's share of n
    accounts is rounded up to whole accounts on the running sum (1 % of 3,658 is 37).
    """
    ordered = sorted(totals.items(), key=lambda item: (-_size(item[1], rule.rank_by), item[0]))
    bounds, running = [], 0.0
    for tier, share in rule.shares:
        running += share
        bounds.append((ceil(round(running * len(ordered), 9)), Tier(tier), running))
    return {number: _place(rank, len(ordered), bounds, rule) for rank, (number, _) in enumerate(ordered, start=1)}


def _size(total: WorkTotal, rank_by: str) -> Decimal:
    return total.amount if rank_by == "amount" else Decimal(total.quantity)


def _place(rank: int, of: int, bounds: list[tuple[int, Tier, float]], rule: AccountRule) -> tuple[Tier, str]:
    start = f"{_ordinal(rank)} of {of:,} by {_WORDS[rule.rank_by]}"
    for bound, tier, share in bounds:
        if rank <= bound:
            return tier, f"{start}: top {share * 100:.4g} %."
    return Tier(rule.otherwise), f"{start}: below the top {bounds[-1][2] * 100:.4g} %."


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"
