"""Which series a place means, how much of each, and how units per week lie over its days. No database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.demand.compute.grouping import History
from closeknit.rooms.demand.contracts import AccountShares, AdjustedPlace, ForecastKey, NodeName, Panel

FloatArray = NDArray[np.float64]
SHARE_DAYS = 182
"""An account without a series of its own has the share of its tier's work that it brought in this many past days."""
Placed = tuple[Panel, NDArray[np.datetime64], "Share"]


@dataclass(frozen=True, slots=True)
class Share:
    """Some rows (R) of a panel on some columns (C), with the share (R, 0..1) of each row that is meant."""

    rows: NDArray[np.int64]
    shares: FloatArray
    columns: NDArray[np.int64]

    def part(self, mean: FloatArray) -> FloatArray:
        """Return the units (R x C) that are meant, out of means (S x P)."""
        return mean[np.ix_(self.rows, self.columns)] * self.shares[:, None]


def shares_of_rows(
    keys: Sequence[ForecastKey], place: AdjustedPlace, shares: AccountShares
) -> tuple[NDArray[np.int64], FloatArray]:
    """Return the rows that a place means and which share of each.

    An account has its own series, or a share of its tier's; one that never brought any work joins its tier with none.
    """
    near = [i for i, key in enumerate(keys) if _is_in(key, place)]
    if not place.account_number:
        return np.array(near, dtype=np.int64), np.ones(len(near))
    own = {i: 1.0 for i in near if keys[i].account_number == place.account_number}
    if own:
        return np.array(list(own), dtype=np.int64), np.ones(len(own))
    together = [i for i in near if not keys[i].account_number]
    held = {i: shares.get((keys[i].service, keys[i].region, keys[i].tier, place.account_number), 0.0) for i in together}
    brought = {i: share for i, share in held.items() if share > 0} or (held if place.tier else {})
    return np.array(list(brought), dtype=np.int64), np.array(list(brought.values()), dtype=np.float64)


def _is_in(key: ForecastKey, place: AdjustedPlace) -> bool:
    return (
        place.service in ("", key.service)
        and place.region in ("", key.region)
        and place.work_class in ("", key.work_class)
        and place.tier in ("", key.tier)
    )


def is_in_tier(name: NodeName, key: ForecastKey) -> bool:
    """Tell whether a series belongs to a sum that is a tier's."""
    return (name.service, name.region, name.work_class, name.tier) == (
        key.service,
        key.region,
        key.work_class,
        key.tier,
    )


def account_shares(
    histories: Sequence[History], keys: Sequence[ForecastKey], tiers: Mapping[str, Tier]
) -> dict[tuple[str, str, str, str], float]:
    """Return what share of its tier's work each account without an own series brought in the last half-year."""
    own = {key.account_number for key in keys if key.account_number}
    units: dict[tuple[str, str, str, str], float] = {}
    for history in histories:
        days = history.local_starts.astype("datetime64[D]")
        recent = days > days[-1] - np.timedelta64(SHARE_DAYS, "D") if days.size else np.zeros(0, dtype=np.bool_)
        sums = history.quantities[:, recent].sum(axis=1, dtype=np.float64)
        for key, brought in zip(history.keys, sums.tolist(), strict=True):
            if key.account_number not in own:
                tier = tiers.get(key.account_number, Tier.VOLUME).value
                name = (key.service, key.region, tier, key.account_number)
                units[name] = units.get(name, 0.0) + brought
    return shares_of_units(units)


def shares_of_units(units: Mapping[tuple[str, str, str, str], float]) -> dict[tuple[str, str, str, str], float]:
    """Return shares of their tier's sum, of units by (service, region, tier, account)."""
    sums: dict[tuple[str, str, str], float] = {}
    for (service, region, tier, _), brought in units.items():
        sums[service, region, tier] = sums.get((service, region, tier), 0.0) + brought
    return {name: brought / sums[name[:3]] for name, brought in units.items() if name[3] and sums[name[:3]] > 0}


def day_shares(places: Sequence[Placed]) -> FloatArray:
    """Return what share of a week each weekday brings in a place (7, sums to 1); equal ones where nothing is forecast.

    From every day of the horizon, so that a window of some days gets what those days usually have.
    """
    sums, seen = np.zeros(7), np.zeros(7)
    for panel, days, share in places:
        weekday = (days.astype(np.int64) + 3) % 7
        carried = share.shares if share.shares.any() else np.ones_like(share.shares)
        sums += np.bincount(weekday, weights=carried @ panel.statistical_mean[share.rows], minlength=7)
        seen = np.maximum(seen, np.bincount((np.unique(days).astype(np.int64) + 3) % 7, minlength=7))
    usual = np.divide(sums, seen, out=np.zeros(7), where=seen > 0)
    if (seen == 0).any() or usual.sum() <= 0:
        return np.full(7, 1.0 / 7.0)
    of_week: FloatArray = usual / usual.sum()
    return of_week


def lay_out(places: Sequence[Placed]) -> list[FloatArray]:
    """Return weights (R x C) by which units are shared among a place's cells: as the methods forecast them."""
    found = []
    for panel, _, share in places:
        carried = share.shares if share.shares.any() else np.ones_like(share.shares)
        found.append(panel.statistical_mean[np.ix_(share.rows, share.columns)] * carried[:, None])
    return found
