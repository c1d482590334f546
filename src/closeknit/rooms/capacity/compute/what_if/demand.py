"""A forecast with changes: an account taken out of its tier, work times a factor, one request more."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.kernel.errors import Invalid
from closeknit.rooms.capacity.compute.inputs import PlanInputs
from closeknit.rooms.capacity.compute.what_if.checked import weeks_of
from closeknit.rooms.capacity.compute.what_if.inputs import is_meant
from closeknit.rooms.capacity.contracts.what_if import DemandChange, SeriesShare, UnitRequest
from closeknit.rooms.demand.contracts import ForecastKey, ForecastNumbers, Panel, mondays_of

FloatArray = NDArray[np.float64]


def with_own_series(numbers: ForecastNumbers, shares: Sequence[SeriesShare]) -> ForecastNumbers:
    """Take accounts out of the tiers that they are forecast with, by their shares. Groups keep their totals."""
    if not shares:
        return numbers
    return replace(numbers, panels=tuple(_taken_out(panel, shares) for panel in numbers.panels))


def with_factor(inputs: PlanInputs, numbers: ForecastNumbers, change: DemandChange) -> ForecastNumbers:
    """Multiply what is expected; a group's spread grows with its total.

    Raises:
        Invalid: where nothing of the forecast is meant.
    """
    first, end = weeks_of(inputs, change)
    panels = [_multiplied(panel, change, first, end) for panel in numbers.panels]
    if all(new is old for new, old in zip(panels, numbers.panels, strict=True)):
        raise Invalid(
            "The plan's forecast has no such work.",
            where="demand",
            todo="Name an account, tier, service and region that the forecast has, or leave them open.",
        )
    return replace(numbers, panels=tuple(panels))


def with_request(numbers: ForecastNumbers, request: UnitRequest, tier: str) -> ForecastNumbers:
    """Add one request to its week, over the days as the work of its group comes. It is known: no spread is added.

    Raises:
        Invalid: for a service and region that nobody forecasts, or a service of several regions without one.
    """
    for place, panel in enumerate(numbers.panels):
        totals = [
            i
            for i, (service, region) in enumerate(panel.total_keys)
            if service == request.service and request.region in ("", region)
        ]
        if len(totals) > 1:
            regions = sorted(panel.total_keys[i][1] for i in totals)
            raise Invalid(
                f"{request.service} is served in several regions.",
                where="region",
                todo=f"Name one of {', '.join(regions[:8])}.",
            )
        if totals:
            panels = list(numbers.panels)
            panels[place] = _added(panel, totals[0], request, tier)
            return replace(numbers, panels=tuple(panels))
    known = sorted({service for panel in numbers.panels for service, _ in panel.total_keys})
    raise Invalid(
        f"The plan's forecast has no {request.service}{f' in {request.region}' if request.region else ''}.",
        where="service, region",
        todo=f"Name one of {', '.join(known[:8])}, and a region where it is served.",
    )


def region_of(numbers: ForecastNumbers, request: UnitRequest) -> str:
    """Return the region of a request: its own, or the only one where its service is served."""
    found = {r for panel in numbers.panels for s, r in panel.total_keys if s == request.service}
    return request.region or (found.pop() if len(found) == 1 else "")


def _taken_out(panel: Panel, shares: Sequence[SeriesShare]) -> Panel:
    for own in shares:
        rows = [
            i
            for i, key in enumerate(panel.keys)
            if (key.account_number, key.tier, key.service, key.region) == ("", own.tier, own.service, own.region)
        ]
        if rows:
            keys = [replace(panel.keys[i], account_number=own.account_number) for i in rows]
            panel = _with_rows(panel, rows, keys, own.share)
            mean = panel.mean.copy()
            mean[rows] *= 1.0 - own.share
            panel = replace(panel, mean=mean)
    return panel


def _with_rows(panel: Panel, rows: Sequence[int], keys: Iterable[ForecastKey], scale: float) -> Panel:
    """Append series like those of `rows`, scaled."""

    def longer(values: NDArray[Any], axis: int = 0) -> NDArray[Any]:
        return np.concatenate([values, np.take(values, rows, axis=axis) * scale], axis=axis)

    return replace(
        panel,
        keys=(*panel.keys, *keys),
        methods=(*panel.methods, *(panel.methods[i] for i in rows)),
        wape_share=np.concatenate([panel.wape_share, panel.wape_share[list(rows)]]),
        mean=longer(panel.mean),
        weekly_mean=longer(panel.weekly_mean),
        weekly_quantiles=longer(panel.weekly_quantiles, axis=1),
        total_of_series=np.concatenate([panel.total_of_series, panel.total_of_series[list(rows)]]),
        statistical_mean=longer(panel.statistical_mean),
        statistical_weekly_mean=longer(panel.statistical_weekly_mean),
        statistical_weekly_quantiles=longer(panel.statistical_weekly_quantiles, axis=1),
        reasons=(*panel.reasons, *(panel.reasons[i] for i in rows)),
    )


def _multiplied(panel: Panel, change: DemandChange, first: date, end: date) -> Panel:
    meant = np.array(
        [is_meant(k, change.account_number, change.tier, change.service, change.region) for k in panel.keys],
        dtype=np.bool_,
    )
    if not meant.any():
        return panel
    inside = _inside(panel, first, end)
    extra = np.where(meant[:, None] & inside, panel.mean * (change.factor - 1.0), 0.0)
    by_total = _by_total(panel, extra)
    ratio = _ratio(panel.total_mean, by_total)
    weekly = _ratio(panel.total_weekly_mean, _by_week(panel, by_total))
    return replace(
        panel,
        mean=panel.mean + extra,
        total_mean=panel.total_mean * ratio,
        total_quantiles=panel.total_quantiles * ratio,
        total_weekly_mean=panel.total_weekly_mean * weekly,
        total_weekly_quantiles=panel.total_weekly_quantiles * weekly,
    )


def _added(panel: Panel, total: int, request: UnitRequest, tier: str) -> Panel:
    wanted = (request.account_number, *panel.total_keys[total])
    mine = [i for i, k in enumerate(panel.keys) if (k.account_number, k.service, k.region) == wanted]
    if not mine:
        like = next(i for i, t in enumerate(panel.total_of_series) if int(t) == total)
        key = replace(panel.keys[like], account_number=request.account_number, tier=tier)
        panel, mine = _with_rows(panel, [like], [key], 0.0), [len(panel.keys)]
    inside = _inside(panel, request.week_on, request.week_on + timedelta(days=7))
    usual = np.where(inside, np.maximum(panel.total_mean[total], 0.0), 0.0)
    shape = usual if usual.sum() > 0 else inside.astype(np.float64)
    # One series of one group grows: everything else is as it was, and adding nothing to it would take longest.
    mean, by_total = panel.mean.copy(), np.zeros_like(panel.total_mean)
    by_total[total] = request.units * shape / shape.sum()
    mean[mine[0]] += by_total[total]
    by_week = _by_week(panel, by_total)
    return replace(
        panel,
        mean=mean,
        total_mean=panel.total_mean + by_total,
        total_quantiles=panel.total_quantiles + by_total,
        total_weekly_mean=panel.total_weekly_mean + by_week,
        total_weekly_quantiles=panel.total_weekly_quantiles + by_week,
    )


def _inside(panel: Panel, first: date, end: date) -> NDArray[np.bool_]:
    days = panel.local_starts.astype("datetime64[D]")
    inside: NDArray[np.bool_] = (days >= np.datetime64(first)) & (days < np.datetime64(end))
    return inside


def _by_total(panel: Panel, extra: FloatArray) -> FloatArray:
    sums = np.zeros_like(panel.total_mean)
    np.add.at(sums, panel.total_of_series, extra)
    return sums


def _by_week(panel: Panel, by_total: FloatArray) -> FloatArray:
    sums = np.zeros_like(panel.total_weekly_mean)
    week = np.searchsorted(panel.week_on, mondays_of(panel.local_starts))
    for place in range(sums.shape[1]):
        sums[:, place] = by_total[:, week == place].sum(axis=1)
    return sums


def _ratio(before: FloatArray, extra: FloatArray) -> FloatArray:
    grown: FloatArray = np.divide(before + extra, before, out=np.ones_like(before), where=before > 0)
    return np.maximum(grown, 0.0)
