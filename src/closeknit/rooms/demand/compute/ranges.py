"""The weekly numbers of any part of a forecast, with a range of its own wherever the forecast has one. No database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.demand.compute.placing import is_in_tier
from closeknit.rooms.demand.contracts.explorer import TOGETHER, Branch
from closeknit.rooms.demand.contracts.runs import ForecastKey, NodeName, Panel

FloatArray = NDArray[np.float64]
_STATISTICAL_OF = {
    "node_": "node_statistical_weekly_mean",
    "total_": "total_statistical_weekly_mean",
    "": "statistical_weekly_mean",
}


@dataclass(frozen=True, slots=True)
class WeeklyRange:
    """Weekly numbers (W each) of a part; its range is the sum of so many `ranges`: of one, it is the part's own."""

    statistical: FloatArray
    mean: FloatArray
    quantiles: tuple[FloatArray, ...]
    ranges: int


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The rows of a panel that make up a part, each once: further sums, totals, series."""

    nodes: list[int]
    totals: list[int]
    series: list[int]


def covers(branch: Branch, key: ForecastKey) -> bool:
    """Tell whether a series belongs to a branch."""
    return (
        branch.service in ("", key.service)
        and branch.region in ("", key.region)
        and branch.tier in ("", key.tier)
        and branch.account_number in ("", key.account_number or TOGETHER)
    )


def weekly_range(
    panels: Sequence[Panel], levels: FloatArray, branch: Branch, weeks: Sequence[date], quantiles: Sequence[float]
) -> WeeklyRange:
    """Return a branch's weekly numbers on these Mondays, by the fewest sums of the forecast that make it up.

    Ranges of several are added up, which is the widest case. Runs made before further sums were kept have none.
    """
    return _added_up(panels, levels, [_pieces(panel, branch) for panel in panels], weeks, quantiles)


def weekly_of_series(
    panels: Sequence[Panel],
    levels: FloatArray,
    rows: Sequence[list[int]],
    weeks: Sequence[date],
    quantiles: Sequence[float],
) -> WeeklyRange:
    """Return the weekly numbers of some series, given by their rows in each panel."""
    return _added_up(panels, levels, [_Pieces([], [], mine) for mine in rows], weeks, quantiles)


def _added_up(
    panels: Sequence[Panel],
    levels: FloatArray,
    pieces_of: Sequence[_Pieces],
    weeks: Sequence[date],
    quantiles: Sequence[float],
) -> WeeklyRange:
    asked = [int(np.argmin(np.abs(levels - q))) for q in quantiles]
    days = np.array(weeks, dtype="datetime64[D]")
    sums = [np.zeros(days.size) for _ in range(2 + len(asked))]
    ranges = 0
    for panel, pieces in zip(panels, pieces_of, strict=True):
        inside = np.isin(days, panel.week_on)
        at = np.searchsorted(panel.week_on, days[inside])
        for rows, of in ((pieces.nodes, "node_"), (pieces.totals, "total_"), (pieces.series, "")):
            if not rows:
                continue
            ranges += len(rows)
            statistical = getattr(panel, _STATISTICAL_OF[of])
            wide = getattr(panel, f"{of}weekly_quantiles")
            numbers = (statistical, getattr(panel, f"{of}weekly_mean"), *(wide[level] for level in asked))
            for place, one in enumerate(numbers):
                sums[place][inside] += one[rows][:, at].sum(axis=0)
    return WeeklyRange(sums[0], sums[1], tuple(sums[2:]), ranges)


def _pieces(panel: Panel, branch: Branch) -> _Pieces:
    if branch.account_number:
        return _Pieces([], [], _covered(panel, branch))
    totals = {
        t for t, (service, region) in enumerate(panel.total_keys) if _fits(branch, service) and _in(branch, region)
    }
    if not branch.tier:
        nodes = _largest(panel, lambda name: not name.tier and set(name.totals) <= totals)
        left = totals - {t for number in nodes for t in panel.node_names[number].totals}
        return _Pieces(nodes, sorted(left), [])
    series = _covered(panel, branch)
    of_total = np.bincount(panel.total_of_series, minlength=len(panel.total_keys))
    mine = np.bincount(panel.total_of_series[series], minlength=len(panel.total_keys))
    whole = [int(t) for t in np.flatnonzero((mine > 0) & (mine == of_total))]
    rest = [i for i in series if panel.total_of_series[i] not in whole]
    nodes = _largest(panel, lambda name: name.tier == branch.tier and name.totals[0] in totals - set(whole))
    left_series = [i for i in rest if not any(is_in_tier(panel.node_names[n], panel.keys[i]) for n in nodes)]
    return _Pieces(nodes, whole, left_series)


def _fits(branch: Branch, service: str) -> bool:
    return branch.service in ("", service)


def _in(branch: Branch, region: str) -> bool:
    return branch.region in ("", region)


def _covered(panel: Panel, branch: Branch) -> list[int]:
    return [i for i, key in enumerate(panel.keys) if covers(branch, key)]


def _largest(panel: Panel, wanted: Callable[[NodeName], bool]) -> list[int]:
    """Return wanted sums of which none is part of another, the largest first."""
    chosen: list[int] = []
    taken: set[int] = set()
    for number in sorted(range(len(panel.node_names)), key=lambda n: -len(panel.node_names[n].totals)):
        name = panel.node_names[number]
        if wanted(name) and (name.tier or not taken & set(name.totals)):
            chosen.append(number)
            taken |= set(name.totals)
    return chosen
