"""Which numbers may leave the house: no account can be read from them, nor worked out from their sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.demand.contracts.runs import AccountUnits, Panel
from closeknit.rooms.demand.contracts.sharing import (
    DOMINANT_SHARE,
    SharedCell,
    SharedDetail,
    SharedField,
    SharePeriod,
    Withheld,
)

Place = tuple[str, str]
"""Service and region; "" is all of them."""
Weeks = NDArray[np.float64]
Units = Mapping[str, Weeks]
"""Units in each week by account; "" is work of no known account."""
QUANTILES = {SharedField.LOW: 0.1, SharedField.HIGH: 0.9}


def shared_units(accounts: Sequence[AccountUnits], panels: Sequence[Panel]) -> dict[Place, dict[str, Weeks]]:
    """Return each account's units in each forecast week, by service and region.

    An account without a series of its own has its usual part of what is forecast together.
    """
    usual: dict[Place, dict[str, float]] = {}
    for row in accounts:
        cell = usual.setdefault((row.service, row.region), {})
        cell[row.account_number] = cell.get(row.account_number, 0.0) + row.units_per_week
    units: dict[Place, dict[str, Weeks]] = {}
    for panel in panels:
        for group, place in enumerate(panel.total_keys):
            own: dict[str, Weeks] = {}
            for number in np.flatnonzero(panel.total_of_series == group).tolist():
                account = panel.keys[number].account_number
                if account:
                    own[account] = own.get(account, 0.0) + panel.weekly_mean[number]
            rest = np.maximum(panel.total_weekly_mean[group] - sum(own.values()), 0.0)
            others = {name: amount for name, amount in usual.get(place, {}).items() if name not in own and amount > 0}
            whole = sum(others.values())
            shared = {name: rest * (amount / whole) for name, amount in others.items()} if whole > 0 else {"": rest}
            units[place] = {**own, **shared}
    return units


def withheld_places(units: Mapping[Place, Units], least_accounts: int) -> dict[Place, Withheld]:
    """Return which places stay in the house, and why: unsafe ones, and those that would give one away.

    Sums over services, over regions and over all are published too, wherever they are safe; so further places are
    withheld, the smallest first, until no sum minus what is published is a place that is unsafe by itself.
    """
    cells = _with_sums(units)
    size = {place: float(sum(weeks.sum() for weeks in held.values())) for place, held in cells.items()}
    out = {place: why for place, held in cells.items() if (why := _unsafe(held, least_accounts)) is not None}
    lines = _lines(cells)
    while True:
        weak = _weak_line(lines, cells, out, least_accounts)
        if weak is None:
            return out
        open_places = [place for place in weak if place not in out]
        chosen = min(open_places, key=lambda place: (size[place], place))
        out[chosen] = Withheld.PROTECTS


def derivable(units: Mapping[Place, Units], withheld: Mapping[Place, Withheld]) -> set[Place]:
    """Return the withheld places whose numbers follow from the published ones by adding and taking away."""
    return _follows(_with_sums(units), withheld)


def _follows(cells: Mapping[Place, Units], withheld: Mapping[Place, Withheld]) -> set[Place]:
    unknown = [place for place in sorted(cells) if place in withheld]
    rows = [
        [1.0 if place == line[0] else -1.0 if place in line[1:] else 0.0 for place in unknown] for line in _lines(cells)
    ]
    matrix = np.array(rows).reshape(len(rows), len(unknown))
    rank = np.linalg.matrix_rank(matrix) if matrix.size else 0
    found = set()
    for number, place in enumerate(unknown):
        single = np.zeros((1, len(unknown)))
        single[0, number] = 1.0
        if np.linalg.matrix_rank(np.vstack([matrix, single])) == rank:
            found.add(place)
    return found


def _with_sums(units: Mapping[Place, Units]) -> dict[Place, dict[str, Weeks]]:
    services = sorted({service for service, _ in units})
    regions = sorted({region for _, region in units})
    cells = {place: dict(held) for place, held in units.items()}
    for service, region in product(["", *services], ["", *regions]):
        if service == "" or region == "":
            parts = [held for (s, r), held in units.items() if service in ("", s) and region in ("", r)]
            cells[service, region] = _merged(parts)
    return cells


def _merged(parts: Sequence[Units]) -> dict[str, Weeks]:
    merged: dict[str, Weeks] = {}
    for held in parts:
        for account, weeks in held.items():
            merged[account] = merged[account] + weeks if account in merged else weeks
    return merged


def _lines(cells: Mapping[Place, Units]) -> list[list[Place]]:
    """Return every sum that is published: the sum first, then its parts."""
    services = sorted({s for s, _ in cells} - {""})
    regions = sorted({r for _, r in cells} - {""})
    lines = [[("", r), *((s, r) for s in services if (s, r) in cells)] for r in regions]
    lines += [[(s, ""), *((s, r) for r in regions if (s, r) in cells)] for s in services]
    lines += [[("", ""), *((s, "") for s in services)], [("", ""), *(("", r) for r in regions)]]
    return [line for line in lines if len(line) > 1]


def _unsafe(held: Units, least_accounts: int) -> Withheld | None:
    """Tell why a sum of these accounts says too much of one of them, in any single week."""
    named = [weeks for account, weeks in held.items() if account and weeks.sum() > 0]
    if len(named) < least_accounts:
        return Withheld.FEW_ACCOUNTS
    if np.any(np.max(named, axis=0) > DOMINANT_SHARE * np.sum(list(held.values()), axis=0)):
        return Withheld.DOMINATED
    return None


def _weak_line(
    lines: Sequence[list[Place]], cells: Mapping[Place, Units], out: Mapping[Place, Withheld], least_accounts: int
) -> list[Place] | None:
    """Return a sum by which something unsafe could be worked out, with something left in it to withhold."""
    for line in lines:
        hidden = [place for place in line[1:] if place in out]
        can_withhold = any(place not in out for place in line)
        if not can_withhold or line[0] in out:
            continue
        together = _merged([cells[place] for place in hidden])
        if hidden and (len(hidden) == 1 or _unsafe(together, least_accounts) is not None):
            return line
    unsafe = {place for place, why in out.items() if why is not Withheld.PROTECTS}
    given_away = _follows(cells, out) & unsafe
    for line in lines:
        if given_away & set(line) and any(place not in out for place in line):
            return line
    # Several sums together give it away: then any published number may be the one to withhold.
    return list(cells) if given_away and len(out) < len(cells) else None


@dataclass(frozen=True, slots=True)
class _Numbers:
    mean: float
    low: float | None
    high: float | None


def shared_cells(
    panels: Sequence[Panel],
    levels: Sequence[float],
    withheld: Mapping[Place, Withheld],
    detail: SharedDetail,
    period: SharePeriod,
    fields: Sequence[SharedField],
) -> list[SharedCell]:
    """Return the numbers of an agreement by period, service and region; what is withheld without numbers.

    Weeks and months that the forecast does not hold whole are left out.
    """
    keys = sorted({key for panel in panels for key in panel.total_keys})
    services = sorted({s for s, _ in keys}) if detail in (SharedDetail.SERVICE, SharedDetail.SERVICE_AND_REGION) else []
    regions = sorted({r for _, r in keys}) if detail in (SharedDetail.REGION, SharedDetail.SERVICE_AND_REGION) else []
    wanted = sorted(
        {
            (service, region)
            for service, region in product(["", *services], ["", *regions])
            if any(service in ("", s) and region in ("", r) for s, r in keys)
        }
    )
    found = []
    for place in wanted:
        for starts_on, numbers in _periods(panels, levels, place, period).items():
            why = withheld.get(place)
            found.append(
                SharedCell(
                    starts_on=starts_on,
                    service=place[0],
                    region=place[1],
                    mean=numbers.mean if why is None and SharedField.MEAN in fields else None,
                    low=numbers.low if why is None and SharedField.LOW in fields else None,
                    high=numbers.high if why is None and SharedField.HIGH in fields else None,
                    withheld=why,
                )
            )
    return sorted(found, key=lambda cell: (cell.starts_on, cell.service, cell.region))


def _periods(
    panels: Sequence[Panel], levels: Sequence[float], place: Place, period: SharePeriod
) -> dict[date, _Numbers]:
    sums: dict[date, list[float]] = {}
    starts: dict[date, set[date]] = {}
    groups = 0
    low, high = (int(np.argmin(np.abs(np.asarray(levels) - QUANTILES[f]))) for f in (SharedField.LOW, SharedField.HIGH))
    for panel in panels:
        rows = [i for i, (s, r) in enumerate(panel.total_keys) if place[0] in ("", s) and place[1] in ("", r)]
        groups += len(rows)
        days = panel.local_starts.astype("datetime64[D]").astype(object)
        for day, units in zip(days.tolist(), panel.total_mean[rows].sum(axis=0).tolist(), strict=True):
            first = _first(day, period)
            sums.setdefault(first, [0.0, 0.0, 0.0])[0] += units
            starts.setdefault(first, set()).add(day)
        if period is SharePeriod.WEEK:
            for week, monday in enumerate(panel.week_on.astype("datetime64[D]").astype(object).tolist()):
                row = sums.setdefault(monday, [0.0, 0.0, 0.0])
                row[1] += float(panel.total_weekly_quantiles[low, rows, week].sum())
                row[2] += float(panel.total_weekly_quantiles[high, rows, week].sum())
    # Quantiles of several groups do not add up, so only a single group has a range.
    has_range = period is SharePeriod.WEEK and groups == 1
    return {
        first: _Numbers(row[0], row[1] if has_range else None, row[2] if has_range else None)
        for first, row in sorted(sums.items())
        if len(starts.get(first, ())) == (_next(first, period) - first).days
    }


def _first(day: date, period: SharePeriod) -> date:
    return day - timedelta(days=day.weekday()) if period is SharePeriod.WEEK else day.replace(day=1)


def _next(first: date, period: SharePeriod) -> date:
    if period is SharePeriod.WEEK:
        return first + timedelta(days=7)
    return (first + timedelta(days=32)).replace(day=1)
