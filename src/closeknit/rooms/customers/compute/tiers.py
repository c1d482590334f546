"""Tiers by rank: pure, no database."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import ceil

from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.sensing.contracts import AccountRule, WorkTotal

_WORDS = {"amount": "order value", "quantity": "units of work"}


def rank_tiers(totals: Mapping[str, WorkTotal], rule: AccountRule) -> dict[str, tuple[Tier, str]]:
    """Return each account's tier and the sentence that says why, by rank of `rule.rank_by`, largest first.

    Ties are ordered by account number, so that equal data always gives equal tiers. A tier's share of n
    accounts is rounded up to whole accounts on the running sum (1 % of 3,658 is 37).

    Order value is compared within one currency only: an account stands among all others where it stands among those
    that order in its currency (the one that most of its work is in).
    """
    places = _places(totals, rule.rank_by)
    ordered = sorted(places, key=lambda number: (places[number], number))
    words = _WORDS[rule.rank_by]
    if rule.rank_by == "amount" and len({_currency(total) for total in totals.values()} - {""}) > 1:
        words = f"{words} among those in its currency"
    bounds, running = [], 0.0
    for tier, share in rule.shares:
        running += share
        bounds.append((ceil(round(running * len(ordered), 9)), Tier(tier), running))
    return {
        number: _place(rank, len(ordered), bounds, words, rule.otherwise)
        for rank, number in enumerate(ordered, start=1)
    }


def _places(totals: Mapping[str, WorkTotal], rank_by: str) -> dict[str, Fraction]:
    """Return where each account stands among those that it can be compared with: 0 (first) to below 1."""
    usual = Counter(filter(None, map(_currency, totals.values()))).most_common(1)
    groups: dict[str, list[str]] = {}
    for number in sorted(totals):
        of = (_currency(totals[number]) or usual[0][0] if usual else "") if rank_by == "amount" else ""
        groups.setdefault(of, []).append(number)
    found = {}
    for numbers in groups.values():
        numbers.sort(key=lambda number: -_size(totals[number], rank_by))
        found.update({number: Fraction(rank, len(numbers)) for rank, number in enumerate(numbers)})
    return found


def _currency(total: WorkTotal) -> str:
    return next(iter(total.amounts), "")


def _size(total: WorkTotal, rank_by: str) -> Decimal:
    return total.amounts.get(_currency(total), Decimal(0)) if rank_by == "amount" else Decimal(total.quantity)


def _place(rank: int, of: int, bounds: list[tuple[int, Tier, float]], words: str, otherwise: str) -> tuple[Tier, str]:
    start = f"{_ordinal(rank)} of {of:,} by {words}"
    for bound, tier, share in bounds:
        if rank <= bound:
            return tier, f"{start}: top {share * 100:.4g} %."
    return Tier(otherwise), f"{start}: below the top {bounds[-1][2] * 100:.4g} %."


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"
