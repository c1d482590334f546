"""What people change in a forecast, laid over the statistical numbers. No database.

An adjustment changes its place by d units if what it says happens, and it happens with probability p. Expected demand
moves by p d; as it happens or not as a whole, its variance grows by p (1 - p) d². Factors, and whatever takes demand
away, scale the forecast's own spread with it; what comes on top shifts it. Adjustments are taken as independent, and
the shape of the spread as unchanged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import widened_quantiles
from closeknit.rooms.demand.compute.placing import FloatArray, Share, day_shares, is_in_tier, lay_out, shares_of_rows
from closeknit.rooms.demand.contracts import (
    STATISTICAL,
    AccountShares,
    AdjustedPlace,
    AdjustedWeek,
    Adjustment,
    AdjustmentKind,
    AdjustmentOutcome,
    AppliedAdjustment,
    ForecastKey,
    Panel,
)

BY_PEOPLE = "by people"
"""The method of a series that only an adjustment knows of."""
NOBODY: AccountShares = {}


def adjust(
    panel: Panel, levels: FloatArray, adjustments: Sequence[Adjustment], shares: AccountShares = NOBODY
) -> tuple[Panel, tuple[AppliedAdjustment, ...]]:
    """Apply adjustments to one panel; see `adjust_panels`."""
    panels, applied = adjust_panels([panel], levels, adjustments, shares)
    return panels[0], applied


def adjust_panels(
    panels: Sequence[Panel], levels: FloatArray, adjustments: Sequence[Adjustment], shares: AccountShares = NOBODY
) -> tuple[tuple[Panel, ...], tuple[AppliedAdjustment, ...]]:
    """Apply adjustments, in the order in which they were made, to the panels of a run; report what each did.

    Units per week of a place are shared among its series, and over the days of a week, as the statistical forecast has
    them; a window that holds part of a week gets that part. Series, weeks, totals and the quantiles of all follow.
    Numbers that no adjustment touches stay what they were, bit for bit; no demand falls below zero.
    """
    ordered = sorted(adjustments, key=lambda a: (a.made_at, a.adjustment_id))
    given = tuple(panels)
    if not ordered:
        return given, ()
    states = [_State(_with_new_series(panel, ordered, shares)) for panel in given]
    applied = tuple(_apply(states, a, _overruling(a, ordered[i + 1 :]), shares) for i, a in enumerate(ordered))
    return tuple(state.panel_with(levels) for state in states), applied


@dataclass(slots=True)
class _Level:
    """Means at one level of a panel on their way from the statistical to the final numbers.

    `factor`: how the forecast's own spread scales; `variance`: what is added by not knowing whether things happen.
    """

    base: FloatArray
    mean: FloatArray
    factor: FloatArray
    variance: FloatArray

    def move(self, rows: NDArray[np.int64], columns: NDArray[np.int64], by: FloatArray, p: float, scales: Any) -> None:
        """Change the mean of some rows and columns by p times `by` (rows x columns)."""
        place = np.ix_(rows, columns)
        now = self.mean[place]
        new = np.maximum(now + p * by, 0.0)
        ratio = np.divide(new, now, out=np.ones_like(now), where=(now > 0) & scales)
        self.mean[place] = new
        self.factor[place] *= ratio
        self.variance[place] = self.variance[place] * ratio**2 + p * (1.0 - p) * by**2

    def quantiles(self, given: FloatArray, levels: FloatArray) -> FloatArray:
        """Return quantiles (Q x ...) moved, scaled and widened; untouched ones as they were."""
        moved = (self.mean != self.base) | (self.variance > 0)
        if not moved.any():
            return given
        own = self.mean + (given - self.base) * self.factor
        wide = widened_quantiles(self.mean, own, levels, np.sqrt(self.variance))
        return np.where(moved, np.maximum(wide, 0.0), given)


def _level(values: FloatArray) -> _Level:
    return _Level(values, values.copy(), np.ones_like(values), np.zeros_like(values))


class _State:
    """One panel while it is adjusted."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.days = panel.local_starts.astype("datetime64[D]")
        self.week_of = np.searchsorted(panel.week_on, self.days, side="right") - 1
        self.mean = panel.mean.copy()
        self.weekly = _level(panel.weekly_mean)
        self.total = _level(panel.total_mean)
        self.total_weekly = _level(panel.total_weekly_mean)
        self.node_weekly = _level(panel.node_weekly_mean)

    def move(self, share: Share, by: FloatArray, p: float, scales: NDArray[np.bool_]) -> None:
        """Change series by p times `by` (rows x columns of the share), and weeks and totals with them.

        `scales` says by column whether the spread scales.
        """
        rows, columns = share.rows, share.columns
        weeks, at = np.unique(self.week_of[columns], return_inverse=True)
        into_weeks = np.zeros((columns.size, weeks.size))
        into_weeks[np.arange(columns.size), at] = 1.0
        scaled_weeks = np.array([scales[at == number].any() for number in range(weeks.size)])
        in_totals = self._in_totals(rows, columns, by)
        totals = np.unique(self.panel.total_of_series[rows])
        place = np.ix_(rows, columns)
        self.mean[place] = np.maximum(self.mean[place] + p * by, 0.0)
        self.weekly.move(rows, weeks, by @ into_weeks, p, scaled_weeks)
        self.total.move(totals, columns, in_totals, p, scales)
        self.total_weekly.move(totals, weeks, in_totals @ into_weeks, p, scaled_weeks)
        nodes, in_nodes = self._in_nodes(rows, by @ into_weeks, totals, in_totals @ into_weeks)
        self.node_weekly.move(nodes, weeks, in_nodes, p, scaled_weeks)

    def _in_nodes(
        self, rows: NDArray[np.int64], of_rows: FloatArray, totals: NDArray[np.int64], of_totals: FloatArray
    ) -> tuple[NDArray[np.int64], FloatArray]:
        """Return which further sums change, and by how much a week: tiers as their series, others as their totals."""
        found = []
        for number, name in enumerate(self.panel.node_names):
            if name.tier:
                inside = [i for i, row in enumerate(rows) if is_in_tier(name, self.panel.keys[row])]
                part = of_rows[inside]
            else:
                part = of_totals[np.isin(totals, name.totals)]
            if part.shape[0]:
                found.append((number, part.sum(axis=0)))
        changed = np.array([change for _, change in found]).reshape(len(found), of_rows.shape[1])
        return np.array([number for number, _ in found], dtype=np.int64), changed

    def _in_totals(self, rows: NDArray[np.int64], columns: NDArray[np.int64], by: FloatArray) -> FloatArray:
        """Return what totals change by: what their series do; what is taken away, in the total's own measure."""
        of_series = self.panel.total_of_series
        totals = np.unique(of_series[rows])
        changed = (of_series[rows] == totals[:, None]).astype(np.float64) @ by
        parts = np.array([self.mean[np.ix_(of_series == total, columns)].sum(axis=0) for total in totals])
        whole = self.total.mean[np.ix_(totals, columns)]
        measure = np.divide(whole, parts, out=np.ones_like(parts), where=parts > 0)
        measured: FloatArray = np.where(changed < 0, changed * measure, changed)
        return measured

    def panel_with(self, levels: FloatArray) -> Panel:
        """Return the panel with its final numbers; the statistical ones stay in their own fields."""
        given = self.panel
        return replace(
            given,
            mean=self.mean,
            weekly_mean=self.weekly.mean,
            weekly_quantiles=self.weekly.quantiles(given.weekly_quantiles, levels),
            total_mean=self.total.mean,
            total_quantiles=self.total.quantiles(given.total_quantiles, levels),
            total_weekly_mean=self.total_weekly.mean,
            total_weekly_quantiles=self.total_weekly.quantiles(given.total_weekly_quantiles, levels),
            node_weekly_mean=self.node_weekly.mean,
            node_weekly_quantiles=self.node_weekly.quantiles(given.node_weekly_quantiles, levels),
        )


@dataclass(frozen=True, slots=True)
class _Overruled:
    """Days on which a later adjustment sets the same place, and the last such one."""

    days: frozenset[date]
    by: str


def _overruling(adjustment: Adjustment, later: Sequence[Adjustment]) -> _Overruled:
    setting = [
        other
        for other in later
        if AdjustmentKind.SET is adjustment.kind is other.kind
        and other.place == adjustment.place
        and other.from_on < adjustment.to_on
        and other.to_on > adjustment.from_on
    ]
    days = frozenset(
        other.from_on + timedelta(days=number)
        for other in setting
        for number in range((other.to_on - other.from_on).days)
    )
    return _Overruled(days, setting[-1].adjustment_id if setting else "")


def _apply(
    states: Sequence[_State], adjustment: Adjustment, overruled: _Overruled, shares: AccountShares
) -> AppliedAdjustment:
    found = [_share(state, adjustment, overruled, shares) for state in states]
    pairs = [(state, share) for state, share in zip(states, found, strict=True) if share is not None]
    if not pairs:
        is_overruled = bool(overruled.by) and any(
            _share(s, adjustment, _Overruled(frozenset(), ""), shares) for s in states
        )
        outcome = AdjustmentOutcome.OVERRULED if is_overruled else AdjustmentOutcome.UNMATCHED
        return AppliedAdjustment(adjustment, outcome, overruled.by if is_overruled else "", ())
    changes = _changes(adjustment, pairs)
    weeks: dict[date, list[float]] = {}
    for (state, share), by in zip(pairs, changes, strict=True):
        before = share.part(state.mean)
        scales = _scaled(adjustment, by, state.week_of[share.columns])
        for week, was, change in zip(state.week_of[share.columns], before.sum(axis=0), by.sum(axis=0), strict=True):
            row = weeks.setdefault(state.panel.week_on[week].astype("datetime64[D]").item(), [0.0, 0.0])
            row[0] += float(was)
            row[1] += float(was + adjustment.probability * change)
        if adjustment.probability > 0:
            state.move(share, by, adjustment.probability, scales)
    told = tuple(AdjustedWeek(week, before, after) for week, (before, after) in sorted(weeks.items()))
    return AppliedAdjustment(adjustment, AdjustmentOutcome.APPLIED, overruled.by, told)


def _share(state: _State, adjustment: Adjustment, overruled: _Overruled, shares: AccountShares) -> Share | None:
    window = (state.days >= np.datetime64(adjustment.from_on)) & (state.days < np.datetime64(adjustment.to_on))
    if overruled.days:
        window &= ~np.isin(state.days, np.array(sorted(overruled.days), dtype="datetime64[D]"))
    rows, parts = shares_of_rows(state.panel.keys, adjustment.place, shares)
    columns = np.flatnonzero(window)
    nothing = adjustment.kind is AdjustmentKind.MULTIPLY and not parts.any()
    return Share(rows, parts, columns) if rows.size and columns.size and not nothing else None


def _scaled(adjustment: Adjustment, by: FloatArray, week_of: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say by column whether the spread scales with the mean: where demand is multiplied, or less in that week."""
    if adjustment.kind is AdjustmentKind.MULTIPLY:
        return np.ones(week_of.size, dtype=np.bool_)
    change = np.bincount(week_of, weights=by.sum(axis=0))
    less: NDArray[np.bool_] = change[week_of] < 0
    return less


def _changes(adjustment: Adjustment, pairs: Sequence[tuple[_State, Share]]) -> list[FloatArray]:
    """Return by how many units each panel's cells change if what the adjustment says happens."""
    parts = [share.part(state.mean) for state, share in pairs]
    if adjustment.kind is AdjustmentKind.MULTIPLY:
        return [(adjustment.size - 1.0) * part for part in parts]
    places = [(state.panel, state.days, share) for state, share in pairs]
    of_day = day_shares(places)
    weights = lay_out(places)
    mondays = [state.panel.week_on[state.week_of[share.columns]] for state, share in pairs]
    changes = [np.zeros_like(part) for part in parts]
    for week in np.unique(np.concatenate(mondays)):
        inside = [monday == week for monday in mondays]
        days = np.unique(
            np.concatenate([state.days[s.columns][i] for (state, s), i in zip(pairs, inside, strict=True)])
        )
        wanted = adjustment.size * float(sum(of_day[(int(day.astype(np.int64)) + 3) % 7] for day in days))
        now = sum(float(part[:, i].sum()) for part, i in zip(parts, inside, strict=True))
        more = wanted - now if adjustment.kind is AdjustmentKind.SET else wanted
        basis = parts if now > 0 and (more < 0 or adjustment.kind is AdjustmentKind.SET) else weights
        whole = sum(float(b[:, i].sum()) for b, i in zip(basis, inside, strict=True))
        if whole <= 0:
            basis = [np.ones_like(part) for part in parts]
            whole = float(sum(part[:, i].size for part, i in zip(parts, inside, strict=True)))
        for change, base, part, i in zip(changes, basis, parts, inside, strict=True):
            change[:, i] = np.maximum(more * base[:, i] / whole, -part[:, i])
    return changes


def _with_new_series(panel: Panel, adjustments: Sequence[Adjustment], shares: AccountShares) -> Panel:
    """Add an empty series for each account that is to bring work where the run forecasts none of it or its tier."""
    keys: list[ForecastKey] = []
    for a in adjustments:
        brings = a.kind is not AdjustmentKind.MULTIPLY and a.size > 0 and a.probability > 0
        known = (a.place.service, a.place.region) in panel.total_keys and a.place.account_number
        if brings and known and not shares_of_rows((*panel.keys, *keys), a.place, shares)[0].size:
            keys.append(_key(a.place))
    return _extended(panel, keys) if keys else panel


def _key(place: AdjustedPlace) -> ForecastKey:
    return ForecastKey(place.service, place.region, place.work_class, place.tier, place.account_number)


def _extended(panel: Panel, keys: Sequence[ForecastKey]) -> Panel:
    new = len(keys)
    of_total = [panel.total_keys.index((key.service, key.region)) for key in keys]
    grown: dict[str, Any] = {}
    for name, axis in (("mean", 0), ("weekly_mean", 0), ("weekly_quantiles", 1)):
        for field in (name, *(old for old, final in STATISTICAL.items() if final == name)):
            grown[field] = _grown(getattr(panel, field), new, axis)
    return replace(
        panel,
        keys=(*panel.keys, *keys),
        methods=(*panel.methods, *(BY_PEOPLE for _ in keys)),
        reasons=(*panel.reasons, *("Nothing was observed; people expect this work." for _ in keys)),
        wape_share=np.append(panel.wape_share, np.full(new, np.nan)),
        total_of_series=np.append(panel.total_of_series, np.array(of_total, dtype=np.int64)),
        **grown,
    )


def _grown(values: FloatArray, new: int, axis: int) -> FloatArray:
    shape = list(values.shape)
    shape[axis] = new
    return np.concatenate([values, np.zeros(shape)], axis=axis)
