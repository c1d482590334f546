"""Amounts of money in one order although nothing is converted: each has its place among those of its own currency."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import TypeVar

Size = TypeVar("Size", Decimal, int)


def places_by_currency(sizes: Iterable[tuple[str, Size]]) -> dict[tuple[str, Size], int]:
    """Return the place of each size (an amount, or how many digits it has) among those of its currency, 0 the largest.

    Equal sizes share a place. So the largest of each currency stand side by side, and 900 EUR are never held against
    900 JPY.
    """
    known: dict[str, set[Size]] = defaultdict(set)
    for currency, size in sizes:
        known[currency].add(size)
    return {
        (currency, size): place
        for currency, found in known.items()
        for place, size in enumerate(sorted(found, reverse=True))
    }
