"""Whether changing forecasts has paid: per author, reason, direction, service and tier. No database."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from closeknit.rooms.demand.contracts import OverrideVerdict, OverrideWorth, ValueRow

LEAST_OVERRIDES = 5
"""Of fewer than this nothing is said: chance alone would say as much."""
DRAWS = 2000
CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True)
class Measured:
    """One override with what it was worth. `is_more`: it raised the forecast."""

    override_id: str
    author_key: str
    author: str
    reason_kind: str
    service: str
    region: str
    tier: str
    account_number: str
    is_more: bool
    worth: OverrideWorth


def _direction(one: Measured) -> str:
    return "increases" if one.is_more else "decreases"


GROUPS: Mapping[str, Callable[[Measured], str]] = MappingProxyType(
    {
        "author": lambda one: one.author,
        "reason": lambda one: one.reason_kind,
        "direction": _direction,
        "service": lambda one: one.service or "every service",
        "region": lambda one: one.region or "every region",
        "tier": lambda one: one.tier or "every tier",
        "account": lambda one: one.account_number or "no single account",
        "cell": lambda one: f"{_direction(one)} of {one.service or 'every service'}",
    }
)
"""How overrides may be put together, and the name of each one's group. A cell is one of the policy table."""


def value_rows(measured: Sequence[Measured], group: str) -> list[ValueRow]:
    """Return one row per group, most overrides first."""
    named: dict[str, list[Measured]] = {}
    for one in measured:
        named.setdefault(GROUPS[group](one), []).append(one)
    rows = [value_row(group, name, members) for name, members in named.items()]
    return sorted(rows, key=lambda row: (-row.overrides, row.name))


def value_row(group: str, name: str, measured: Sequence[Measured]) -> ValueRow:
    """Return what some overrides were worth together, with the interval of a bootstrap over them.

    The draws are seeded from the overrides' ids: the same overrides give the same row.
    """
    ordered = sorted(measured, key=lambda one: one.override_id)
    worth = joined(ordered)
    better = sum(one.worth.added_units > 0 for one in ordered)
    low, high = _interval(ordered)
    verdict = OverrideVerdict.UNKNOWN
    if low is not None and high is not None:
        verdict = OverrideVerdict.PAYS if low > 0 else OverrideVerdict.COSTS if high < 0 else OverrideVerdict.UNKNOWN
    row = ValueRow(group, name, len(ordered), better, worth, worth.added_share, low, high, verdict, "")
    return ValueRow(group, name, len(ordered), better, worth, worth.added_share, low, high, verdict, sentence(row))


def joined(measured: Sequence[Measured]) -> OverrideWorth:
    """Return the sum of what overrides were worth."""
    return OverrideWorth(
        weeks=sum(one.worth.weeks for one in measured),
        units_actual=sum(one.worth.units_actual for one in measured),
        error_before=sum(one.worth.error_before for one in measured),
        error_after=sum(one.worth.error_after for one in measured),
    )


def _interval(ordered: Sequence[Measured]) -> tuple[float | None, float | None]:
    if len(ordered) < LEAST_OVERRIDES:
        return None, None
    seed = hashlib.sha256("".join(one.override_id for one in ordered).encode()).digest()
    rng = np.random.default_rng(int.from_bytes(seed[:8], "big"))
    added = np.array([one.worth.added_units for one in ordered])
    actual = np.array([one.worth.units_actual for one in ordered])
    drawn = rng.integers(0, len(ordered), (DRAWS, len(ordered)))
    sums = actual[drawn].sum(axis=1)
    shares = added[drawn].sum(axis=1)[sums > 0] / sums[sums > 0]
    if not shares.size:
        return None, None
    low, high = np.quantile(shares, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def sentence(row: ValueRow) -> str:
    """Return a row in words."""
    said = f"{row.overrides} override{'' if row.overrides == 1 else 's'}, {row.better} made it better"
    if row.mean_share is None or row.low_share is None or row.high_share is None:
        return f"{said}: too few to say."
    change = f"the error {'fell' if row.mean_share >= 0 else 'rose'} by {abs(row.mean_share):.1%} of the work"
    told = {
        OverrideVerdict.PAYS: "overriding pays here",
        OverrideVerdict.COSTS: "overriding makes it worse here",
        OverrideVerdict.UNKNOWN: "it may be chance",
    }[row.verdict]
    return f"{said}; together {change} (90 %: {row.low_share:+.1%} to {row.high_share:+.1%}): {told}."
