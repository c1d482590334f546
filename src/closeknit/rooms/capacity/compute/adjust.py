"""Whom a draft serves less than the plan in force, and by how much of its need."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Party = tuple[str, str]
"""A tier and an account, "" for those of the tier that are planned together."""
WORSE_FROM = 0.005
"""Shares of need that differ by less are the rounding of plans."""


def short_shares(claims: Iterable[Mapping[str, Any]]) -> dict[Party, float]:
    """Return for each party which share of its need over all weeks is short.

    >>> short_shares([{"tier": "standard", "account_number": "", "need_hours": 8.0, "short_hours": 2.0}])
    {('standard', ''): 0.25}
    """
    need: dict[Party, float] = defaultdict(float)
    short: dict[Party, float] = defaultdict(float)
    for row in claims:
        party = (row["tier"], row["account_number"])
        need[party] += row["need_hours"]
        short[party] += row["short_hours"]
    return {party: short[party] / hours for party, hours in need.items() if hours > 0}


def cuts(now: Mapping[Party, float], before: Mapping[Party, float]) -> dict[Party, float]:
    """Return who is shorter than before, by which share of its need; who was not planned before was not short."""
    more = {party: share - before.get(party, 0.0) for party, share in now.items()}
    return {party: round(share, 12) for party, share in sorted(more.items()) if share >= WORSE_FROM}
