"""Spike or shift, in words, and the capacity that a change asks for. No database."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import Changes, break_even_weeks, classify_change
from closeknit.rooms.demand.compute.accuracy import Came, places, summed
from closeknit.rooms.demand.compute.calendar import Occasion
from closeknit.rooms.demand.compute.change_arrivals import (
    SAME_WEEKS,
    services_with_instants,
    told_by_arrivals,
    units_each,
)
from closeknit.rooms.demand.compute.change_factors import (
    common_movement,
    open_share,
    promotion_factor,
    promotion_weeks,
)
from closeknit.rooms.demand.compute.exceptions import name_series
from closeknit.rooms.demand.compute.laying import weekly_sums
from closeknit.rooms.demand.contracts import Panel, mondays_of
from closeknit.rooms.demand.contracts.accuracy import ScoreLevel
from closeknit.rooms.demand.contracts.changes import (
    CapacityResponse,
    ChangeCard,
    ChangeKind,
    ResponseCosts,
    ResponseKind,
    SeriesName,
)

FloatArray = NDArray[np.float64]
SETTLE_WEEKS = 8
"""A level that held this long is the new normal."""
SPIKE_WEEKS = 3.0
"""Mean length of spikes, taken as exponential: what still goes on after twice as long is rarely one."""
LASTING_PRIOR = 0.5
YEAR_WEEKS = 52
LEAST_EXTRA_HOURS = 1.0
RAREST = 1e-4
"""Chances below this are said to be below it: nobody knows them better."""
FALSE_ALARM_SHARE = 0.05
OF_ARRIVALS = 0.8
"""What arrivals may claim of the false alarms; the units themselves, whose size may change, have the rest."""
RHYTHM_WEEKS = 4
"""Who orders every second or fourth week does so in a rhythm of this length: it is no noise."""
RHYTHM_FROM_WEEKS = 26
RHYTHM_FROM_UNITS = 5.0
"""A week, on average: of smaller series a rhythm can't be told, and one unit out of it would look like a spike."""


@dataclass(frozen=True, slots=True)
class SeriesHistory:
    """Whole weeks of some series: names (S), Mondays (W), units (S x W; NaN before a series began).

    `known_factor` (S x W): what is known to multiply them: closed days, what all others did, promotions.
    `arrivals`, `arrivals_factor`: how often work came, likewise; NaN for a series of which units say as much.
    """

    names: tuple[SeriesName, ...]
    mondays: NDArray[np.datetime64]
    units: FloatArray
    known_factor: FloatArray
    arrivals: FloatArray | None = None
    arrivals_factor: FloatArray | None = None

    def only(self, rows: list[int]) -> "SeriesHistory":
        """Return some of the series."""
        return replace(
            self,
            names=tuple(self.names[i] for i in rows),
            units=self.units[rows],
            known_factor=self.known_factor[rows],
            arrivals=None if self.arrivals is None else self.arrivals[rows],
            arrivals_factor=None if self.arrivals_factor is None else self.arrivals_factor[rows],
        )


def history_of(
    panels: Sequence[Panel], came: Came, occasions: Sequence[Occasion] = (), arrivals: FloatArray | None = None
) -> SeriesHistory:
    """Return the whole weeks of a run's series and totals, with what is known to move them.

    A series is held against what the other accounts of its service and region did; a total, against its open days.
    `arrivals`: how often work came, in the shape of `came.units`.
    """
    history = _history(panels, came, came, occasions)
    if arrivals is None or not history.names:
        return history
    times = _history(panels, replace(came, units=arrivals), came, occasions)
    services = services_with_instants(came.keys, arrivals)
    told = told_by_arrivals(history.names, history.units, times.units, services)
    return replace(history, arrivals=np.where(told[:, None], times.units, np.nan), arrivals_factor=times.known_factor)


def _history(panels: Sequence[Panel], came: Came, worked: Came, occasions: Sequence[Occasion]) -> SeriesHistory:
    """Return the weeks of what `came`; days are open as the units `worked` on them show."""
    whole = _whole_weeks(came.days)
    mondays, weekly = weekly_sums(came.days[whole], came.units[:, whole])
    by_week = replace(came, days=mondays, units=weekly)
    names: list[SeriesName] = []
    units, known = [np.zeros((0, mondays.size))], [np.zeros((0, mondays.size))]
    for panel in panels:
        series_of, total_of = places(panel, came)
        names += [
            SeriesName(ScoreLevel.SERIES, k.service, k.region, k.work_class, k.tier, k.account_number)
            for k in panel.keys
        ]
        names += [SeriesName(ScoreLevel.TOTAL, s, r, "", "", "") for s, r in panel.total_keys]
        units += [summed(by_week, series_of, len(panel.keys)), summed(by_week, total_of, len(panel.total_keys))]
        daily = summed(worked, total_of, len(panel.total_keys))[:, whole]
        is_open = np.array([open_share(row) for row in daily]).reshape(len(panel.total_keys), mondays.size)
        known += [common_movement(panel, by_week, series_of, total_of, is_open), is_open]
    values, factor = np.vstack(units), np.vstack(known)
    began = np.cumsum(values, axis=1) > 0.0
    values = np.where(began, values, np.nan)
    factor *= promotion_factor(values, factor, promotion_weeks(names, mondays, occasions))
    return SeriesHistory(tuple(names), mondays, values, factor)


def _whole_weeks(days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    mondays = mondays_of(days)
    _, index, count = np.unique(mondays, return_inverse=True, return_counts=True)
    whole: NDArray[np.bool_] = (count == 7)[index] if days.size else np.zeros(0, dtype=bool)
    return whole


def classify(operation: str, history: SeriesHistory, costs: Sequence[ResponseCosts]) -> list[ChangeCard]:
    """Return the latest change of each series, in the order of the history; `costs` has one for each of them."""
    if not history.names or not history.mondays.size:
        return [_no_change(operation, name, 0.0, math.inf, 0.0) for name in history.names]
    by_arrivals: NDArray[np.bool_] = np.zeros(len(history.names), dtype=np.bool_)
    if history.arrivals is not None:
        by_arrivals = np.any(~np.isnan(history.arrivals), axis=1)
    every, some = np.flatnonzero(~by_arrivals), np.flatnonzero(by_arrivals)
    found = _searched(history.units, history.known_factor, every, FALSE_ALARM_SHARE)
    if history.arrivals is not None and history.arrivals_factor is not None:
        rest = _searched(history.units, history.known_factor, some, FALSE_ALARM_SHARE * (1.0 - OF_ARRIVALS))
        times = _searched(history.arrivals, history.arrivals_factor, some, FALSE_ALARM_SHARE * OF_ARRIVALS)
        for i in some.tolist():
            each = units_each(history.units[i], history.arrivals[i])
            found[i] = _latest(replace(times[i], units_each=each), rest[i])
    return [
        _card(operation, name, history, found[i], costs[i])
        if found[i].event is not None
        else _no_change(operation, name, _level(history, i), float(found[i].changes.threshold[found[i].row]), 0.0)
        for i, name in enumerate(history.names)
    ]


@dataclass(frozen=True, slots=True)
class _Found:
    """The latest change of one series, if any: a row and an event of what a search found; a search of units or not."""

    changes: Changes
    row: int
    event: int | None
    units_each: float = 1.0

    @property
    def starts(self) -> int:
        return -1 if self.event is None else int(self.changes.start_period[self.event])

    @property
    def says(self) -> tuple[str, bool]:
        """The kind of its change, and whether up."""
        assert self.event is not None
        return self.changes.event_kind[self.event], bool(self.changes.factor[self.event] > 1.0)


def _searched(weekly: FloatArray, factor: FloatArray, rows: NDArray[np.int64], alarm: float) -> dict[int, _Found]:
    """Return the latest change of each of these series."""
    size = np.nan_to_num(weekly[rows]).mean(axis=1)
    has_rhythm = (size >= RHYTHM_FROM_UNITS) & (weekly.shape[1] >= RHYTHM_FROM_WEEKS)
    result: dict[int, _Found] = {}
    for some, season in ((rows[has_rhythm], RHYTHM_WEEKS), (rows[~has_rhythm], 1)):
        changes = classify_change(
            weekly[some],
            season,
            settle_periods=SETTLE_WEEKS,
            known_factor=factor[some],
            long_cycle_periods=YEAR_WEEKS,
            false_alarm_share=alarm,
        )
        latest = {int(series): n for n, series in enumerate(changes.event_series)}
        for n, i in enumerate(some.tolist()):
            result[i] = _Found(changes, n, None if changes.is_additive[n] else latest.get(n))
    return result


def _latest(times: _Found, units: _Found) -> _Found:
    """Return the later change; where arrivals and units show the same one, that of arrivals, which are surer of it."""
    if times.event is None or units.event is None:
        return units if times.event is None else times
    is_later = units.starts > times.starts + SAME_WEEKS
    # A shift that is all that units show is dated worse by them, and is no second one.
    is_all = np.count_nonzero(units.changes.event_series == units.row) == 1
    return units if is_later and not (is_all and units.says == times.says) else times


def _level(history: SeriesHistory, row: int) -> float:
    recent = history.units[row, -SETTLE_WEEKS:]
    return float(np.nanmean(recent)) if np.any(~np.isnan(recent)) else 0.0


def _no_change(operation: str, name: SeriesName, level: float, threshold: float, strength: float) -> ChangeCard:
    nothing = CapacityResponse(ResponseKind.NOTHING, 0.0, None, None, 0.0, 0.0, 0.0, "Nothing to do.")
    return ChangeCard(
        operation,
        _named(name),
        name,
        ChangeKind.NONE,
        None,
        None,
        level,
        level,
        0.0,
        None,
        None,
        0.0,
        strength,
        threshold if math.isfinite(threshold) else 0.0,
        "Its level has not changed.",
        nothing,
    )


def _card(operation: str, name: SeriesName, history: SeriesHistory, latest: _Found, costs: ResponseCosts) -> ChangeCard:
    assert latest.event is not None
    found, event, each = latest.changes, latest.event, latest.units_each
    weeks = int(history.mondays.size)
    start, stop = int(found.start_period[event]), int(found.stop_period[event])
    before, after = each * float(found.level_before[event]), each * float(found.level_after[event])
    kind = ChangeKind(found.event_kind[event])
    low, high = float(found.factor_low[event]) - 1.0, float(found.factor_high[event]) - 1.0
    is_known = before > 0.0 and math.isfinite(high)
    chance = float(found.chance[event])
    lasting = lasting_share(kind, weeks - start)
    since = date.fromisoformat(str(history.mondays[start].astype("datetime64[D]")))
    card = ChangeCard(
        operation=operation,
        name=_named(name),
        series=name,
        kind=kind,
        since_on=since,
        until_on=since + timedelta(weeks=stop - start) if stop < weeks else None,
        units_before=before,
        units_after=after,
        change_share=after / before - 1.0 if before > 0.0 else None,
        low_share=low if is_known else None,
        high_share=high if is_known else None,
        lasting_share=lasting,
        strength=float(found.strength[event]),
        threshold=float(found.threshold[latest.row]),
        sentence="",
        response=respond(kind, after - before, lasting, costs),
        chance=chance,
        evidence=say_chance(chance) + (f" Told by arrivals, of {each:,.1f} units each." if each != 1.0 else ""),
    )
    return replace(card, sentence=_sentence(card))


def _named(name: SeriesName) -> str:
    return name_series(name.service, name.region, name.work_class, name.tier, name.account_number, name.level)


def say_chance(chance: float) -> str:
    """Say how likely it is that a series without any change would show as much."""
    if chance < RAREST:
        return f"Noise alone would show as much in fewer than 1 of {1.0 / RAREST:,.0f} such series."
    if chance > 0.5:
        return "Noise alone would show as much in most such series."
    return f"Noise alone would show as much in 1 of {1.0 / chance:,.0f} such series."


def lasting_share(kind: ChangeKind, weeks: int) -> float:
    """Return the probability that a change stays, after it has gone on for so many weeks.

    Half of all changes are taken to be lasting; a spike goes on for t weeks with probability exp(-t / 3). So Bayes:
    p / (p + (1 - p) exp(-t / 3)). One that has ended does not last.
    """
    if kind in (ChangeKind.NONE, ChangeKind.TEMPORARY):
        return 0.0
    return LASTING_PRIOR / (LASTING_PRIOR + (1.0 - LASTING_PRIOR) * math.exp(-weeks / SPIKE_WEEKS))


def respond(kind: ChangeKind, extra_units: float, lasting: float, costs: ResponseCosts) -> CapacityResponse:
    """Return the way that costs least on average over a year, with its break-even.

    The change lasts the year with its probability; else it ends as spikes do.
    """
    hours = extra_units * costs.minutes_per_unit / 60.0
    if kind in (ChangeKind.NONE, ChangeKind.TEMPORARY) or hours < LEAST_EXTRA_HOURS:
        return CapacityResponse(ResponseKind.NOTHING, hours, None, None, 0.0, 0.0, 0.0, _say_nothing(kind, hours))
    people = math.ceil(hours / costs.hours_per_person)
    once = (people * costs.temp_once, people * costs.hire_once)
    even = break_even_weeks(
        hours,
        costs.overtime_per_hour,
        costs.temp_per_hour,
        costs.hire_per_hour,
        once[0],
        once[1],
        costs.temp_lead_weeks,
        costs.hire_lead_weeks,
        costs.hire_notice_weeks,
    )
    chances, weeks = _durations(lasting)
    overtime = float(chances @ (costs.overtime_per_hour * hours * weeks))
    temps = float(chances @ _way(weeks, hours, costs, once[0], costs.temp_per_hour, costs.temp_lead_weeks, 0.0))
    hire = float(
        chances
        @ _way(weeks, hours, costs, once[1], costs.hire_per_hour, costs.hire_lead_weeks, costs.hire_notice_weeks)
    )
    by_cost = {ResponseKind.OVERTIME: overtime, ResponseKind.TEMPS: temps, ResponseKind.HIRE: hire}
    best = min(by_cost, key=lambda way: by_cost[way])
    temps_from, hiring_from = float(even.temps_beat_overtime_weeks), float(even.hiring_from_weeks)
    return CapacityResponse(
        best,
        hours,
        temps_from if math.isfinite(temps_from) else None,
        hiring_from if math.isfinite(hiring_from) else None,
        overtime,
        temps,
        hire,
        _say_response(best, hours, temps_from, hiring_from),
    )


def _say_nothing(kind: ChangeKind, hours: float) -> str:
    if kind is ChangeKind.NONE:
        return "Nothing to do."
    if kind is ChangeKind.TEMPORARY:
        return "It is over: nothing to add."
    return "Fewer hours are needed." if hours < 0.0 else "Less than an hour a week more: nothing to add."


def _durations(lasting: float) -> tuple[FloatArray, FloatArray]:
    """Return chances and lengths in weeks: the year with `lasting`, else the even steps of an exponential length."""
    steps = 200
    spike = np.minimum(-SPIKE_WEEKS * np.log1p(-(np.arange(steps) + 0.5) / steps), YEAR_WEEKS)
    weeks: FloatArray = np.append(spike, float(YEAR_WEEKS))
    chances: FloatArray = np.append(np.full(steps, (1.0 - lasting) / steps), lasting)
    return chances, weeks


def _way(
    weeks: FloatArray, hours: float, costs: ResponseCosts, once: float, per_hour: float, lead: float, notice: float
) -> FloatArray:
    meanwhile = costs.overtime_per_hour * np.minimum(weeks, lead)
    paid: FloatArray = once + hours * (meanwhile + per_hour * (np.maximum(weeks - lead, 0.0) + notice))
    return paid


def _say_response(best: ResponseKind, hours: float, temps_from: float, hiring_from: float) -> str:
    more = f"{hours:,.0f} hours a week more"
    if best is ResponseKind.HIRE:
        return f"{more}: hiring pays after {hiring_from:,.0f} weeks."
    later = f" (hiring would pay after {hiring_from:,.0f} weeks)" if math.isfinite(hiring_from) else ""
    if best is ResponseKind.TEMPS:
        return f"{more}: temps pay after {temps_from:,.0f} weeks{later}."
    return f"{more}: overtime costs least for so long as this may last{later}."


def _sentence(card: ChangeCard) -> str:
    """Say it all in one sentence: since when, how much, whether it stays, and what that asks for."""
    size = "from nothing"
    if card.change_share is not None:
        size = f"{card.change_share:+.0%}"
    if card.low_share is not None and card.high_share is not None:
        size += f" ({card.low_share:.0%} to {card.high_share:.0%})"
    assert card.since_on is not None
    since = f"{card.since_on:%-d %b %Y}"
    if card.until_on is not None and card.kind is ChangeKind.TEMPORARY:
        return f"From {since} to {card.until_on:%-d %b %Y} {size}; it is over."
    stays = f"lasting with {card.lasting_share:.2f}"
    if card.kind is ChangeKind.UNKNOWN:
        stays = f"too recent to say; {stays}"
    return f"Since {since} {size}, {stays}. {card.response.sentence}"
