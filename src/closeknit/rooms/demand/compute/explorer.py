"""One branch of a forecast cut out of its panels: weeks, parts and reasons. No database."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.demand.compute.method_words import method_words
from closeknit.rooms.demand.compute.ranges import covers, weekly_of_series, weekly_range
from closeknit.rooms.demand.contracts.explorer import (
    TOGETHER,
    Branch,
    BranchLevel,
    BranchPart,
    BranchReason,
    BranchWeek,
)
from closeknit.rooms.demand.contracts.runs import EventEffect, ForecastCard, ForecastKey, Panel

FloatArray = NDArray[np.float64]
RECENT_WEEKS = 8
REASONS_SHOWN = 12
RANGE = (0.1, 0.9)
CHANGED_SHARE = 1e-9
"""Numbers that differ by less than this share are the same number, added up in another order."""
DEEPER = {
    BranchLevel.OPERATION: BranchLevel.SERVICE,
    BranchLevel.SERVICE: BranchLevel.REGION,
    BranchLevel.REGION: BranchLevel.TIER,
    BranchLevel.TIER: BranchLevel.ACCOUNT,
}


@dataclass(frozen=True, slots=True)
class Cut:
    """What a branch holds: its weeks, its parts and their level, the reasons of its series, how many there are."""

    weeks: tuple[BranchWeek, ...]
    part_level: BranchLevel | None
    parts: tuple[BranchPart, ...]
    reasons: tuple[BranchReason, ...]
    series: int
    is_widest: bool


def cut_branch(
    card: ForecastCard,
    panels: Sequence[Panel],
    levels: FloatArray,
    branch: Branch,
    observed: Mapping[ForecastKey, Mapping[date, float]],
    visible: Callable[[str], bool],
) -> Cut:
    """Cut a branch out of a run's panels.

    `observed`: units by series and week before the forecast. `visible` says of an account whether it may be shown as
    a part.
    """
    whole = whole_weeks(card)
    seen = _observed_of(branch, observed)
    ahead = weekly_range(panels, levels, branch, whole, RANGE)
    weeks = [BranchWeek(day, units, None, None, None, None) for day, units in sorted(seen.items())]
    columns = zip(ahead.statistical, ahead.mean, *ahead.quantiles, strict=True)
    weeks += [BranchWeek(day, None, *map(float, numbers)) for day, numbers in zip(whole, columns, strict=True)]
    level, branches = _parts_of(branch, [key for panel in panels for key in panel.keys])
    shown = [part for part in branches if part.account_number in ("", TOGETHER) or visible(part.account_number)]
    rows = _Rows(panels, branch, observed, level)
    parts = [_part(panels, levels, part, whole, rows) for part in shown]
    parts.sort(key=lambda part: (-part.units_per_week, part.name))
    reasons = _reasons(panels, branch, visible)
    series = sum(covers(branch, key) for panel in panels for key in panel.keys)
    return Cut(tuple(weeks), level if shown else None, tuple(parts), reasons, series, ahead.ranges > 1)


def cut_accounts(
    card: ForecastCard,
    panels: Sequence[Panel],
    levels: FloatArray,
    observed: Mapping[ForecastKey, Mapping[date, float]],
    visible: Callable[[str], bool],
) -> Cut:
    """Return the accounts that may be shown as the parts of a whole that may not."""
    whole = whole_weeks(card)
    keys = {key for panel in panels for key in panel.keys if key.account_number and visible(key.account_number)}
    named = sorted({key.account_number for key in keys})
    rows = _Rows(panels, Branch(), observed, BranchLevel.ACCOUNT)
    parts = [_part(panels, levels, Branch(account_number=name), whole, rows) for name in named]
    parts.sort(key=lambda part: (-part.units_per_week, part.name))
    return Cut((), BranchLevel.ACCOUNT if parts else None, tuple(parts), (), len(keys), False)


def whole_weeks(card: ForecastCard) -> list[date]:
    """Return the Mondays of the weeks that a run covers whole."""
    first = card.first_on + timedelta(days=-card.first_on.weekday() % 7)
    last = card.first_on + timedelta(days=card.horizon_days - 7)
    return [first + timedelta(days=7 * n) for n in range((last - first).days // 7 + 1)] if last >= first else []


def path_to(branch: Branch) -> list[tuple[str, Branch]]:
    """Return the branches above a branch, the operation left out, each with its name."""
    steps, at = [], Branch()
    for field in ("service", "region", "tier", "account_number"):
        value = getattr(branch, field)
        if value:
            at = replace(at, **{field: value})
            steps.append((value, at))
    return steps


def _observed_of(branch: Branch, observed: Mapping[ForecastKey, Mapping[date, float]]) -> dict[date, float]:
    sums: dict[date, float] = {}
    for key, weeks in observed.items():
        if covers(branch, key):
            for day, units in weeks.items():
                sums[day] = sums.get(day, 0.0) + units
    return sums


def _parts_of(branch: Branch, keys: Iterable[ForecastKey]) -> tuple[BranchLevel | None, list[Branch]]:
    """Return the next level with more than one name in it and its branches; the deepest where there is one name."""
    mine = [key for key in keys if covers(branch, key)]
    at, level = branch, DEEPER.get(branch.level)
    while level is not None:
        field = "account_number" if level is BranchLevel.ACCOUNT else level.value
        names = sorted({getattr(key, field) for key in mine} - {""})
        if level is BranchLevel.ACCOUNT and names and any(not key.account_number for key in mine):
            names.append(TOGETHER)
        if len(names) > 1 or (names and level is BranchLevel.ACCOUNT):
            return level, [replace(at, **{field: name}) for name in names]
        if names:
            at = replace(at, **{field: names[0]})
        level = DEEPER.get(level)
    return None, []


def _name_of(level: BranchLevel, key: ForecastKey) -> str:
    return key.account_number or TOGETHER if level is BranchLevel.ACCOUNT else str(getattr(key, level.value))


class _Rows:
    """The series of a branch and what came of them, sorted into its parts in one pass."""

    def __init__(
        self,
        panels: Sequence[Panel],
        branch: Branch,
        observed: Mapping[ForecastKey, Mapping[date, float]],
        level: BranchLevel | None,
    ) -> None:
        self.series: dict[str, list[tuple[int, int]]] = {}
        self.seen: dict[str, dict[date, float]] = {}
        self.brought: dict[ForecastKey, float] = {}
        self.panels, self.level = panels, level
        if level is None:
            return
        for number, panel in enumerate(panels):
            for i, key in enumerate(panel.keys):
                if covers(branch, key):
                    self.series.setdefault(_name_of(level, key), []).append((number, i))
        for key, weeks in observed.items():
            if covers(branch, key):
                seen = self.seen.setdefault(_name_of(level, key), {})
                for day, units in weeks.items():
                    seen[day] = seen.get(day, 0.0) + units
                self.brought[key] = sum(weeks.values())

    def of_panel(self, name: str) -> list[list[int]]:
        """Return the rows of a part in each panel."""
        rows: list[list[int]] = [[] for _ in self.panels]
        for number, i in self.series.get(name, []):
            rows[number].append(i)
        return rows

    def error(self, name: str) -> float | None:
        """Return the held-out error of a part's series, each by the work that it brought."""
        pairs = []
        for number, i in self.series.get(name, []):
            panel = self.panels[number]
            wape, weight = float(panel.wape_share[i]), self.brought.get(panel.keys[i], 0.0)
            if np.isfinite(wape) and weight > 0:
                pairs.append((wape, weight))
        total = sum(weight for _, weight in pairs)
        return sum(wape * weight for wape, weight in pairs) / total if total else None


def _part(
    panels: Sequence[Panel], levels: FloatArray, branch: Branch, whole: Sequence[date], rows: _Rows
) -> BranchPart:
    name = branch.account_number or branch.tier or branch.region or branch.service
    if branch.account_number:
        ahead = weekly_of_series(panels, levels, rows.of_panel(name), whole, RANGE)
    else:
        ahead = weekly_range(panels, levels, branch, whole, RANGE)
    seen = rows.seen.get(name, {})
    recent = [seen[day] for day in sorted(seen)[-RECENT_WEEKS:]]
    usual = float(np.mean(recent)) if recent else None
    units = float(ahead.mean.mean()) if whole else 0.0
    mine = rows.series.get(name, [])
    methods = sorted({panels[number].methods[i] for number, i in mine})
    off = np.abs(ahead.mean - ahead.statistical)
    return BranchPart(
        branch=branch,
        name=name,
        units_per_week=units,
        low_per_week=float(ahead.quantiles[0].mean()) if whole else 0.0,
        high_per_week=float(ahead.quantiles[1].mean()) if whole else 0.0,
        recent_per_week=usual,
        moved_share=units / usual - 1.0 if usual else None,
        wape_share=rows.error(name),
        method=method_words(methods[0]) if len(methods) == 1 else f"{len(methods)} methods",
        series=len(mine),
        changed_by_people=bool(np.any(off > CHANGED_SHARE * np.maximum(np.abs(ahead.statistical), 1e-9))),
        is_widest=ahead.ranges > 1,
    )


def effects_of(panels: Sequence[Panel], branch: Branch) -> tuple[EventEffect, ...]:
    """Return what holidays and events do in a branch, the strongest first."""
    found = [
        effect
        for panel in panels
        for effect in panel.events
        if branch.service in ("", effect.service) and branch.region in ("", effect.region)
    ]
    return tuple(sorted(found, key=lambda effect: (-abs(effect.share), effect.name))[:REASONS_SHOWN])


def _reasons(panels: Sequence[Panel], branch: Branch, visible: Callable[[str], bool]) -> tuple[BranchReason, ...]:
    """Return the reasons of the whole groups in a branch, where it is made of such, then of its largest series."""
    groups, found = [], []
    for panel in panels:
        for i, (service, region) in enumerate(panel.total_keys):
            is_whole = not branch.tier and branch.service in ("", service) and branch.region in ("", region)
            if is_whole and panel.total_methods[i]:
                named = f"{_joined(service, region)}, all accounts"
                reason = BranchReason(
                    named,
                    panel.grain,
                    method_words(panel.total_methods[i]),
                    method_words(panel.total_reasons[i]),
                    None,
                )
                groups.append((-float(panel.total_weekly_mean[i].sum()), named, reason))
        sizes = panel.weekly_mean.sum(axis=1)
        for i, key in enumerate(panel.keys):
            if covers(branch, key) and (not key.account_number or visible(key.account_number)):
                wape = float(panel.wape_share[i])
                error = None if np.isnan(wape) else wape
                named = _joined(key.service, key.region, key.work_class, key.tier, key.account_number)
                reason = BranchReason(
                    named, panel.grain, method_words(panel.methods[i]), method_words(panel.reasons[i]), error
                )
                found.append((-float(sizes[i]), named, reason))
    rows = [*sorted(groups, key=lambda row: row[:2]), *sorted(found, key=lambda row: row[:2])]
    return tuple(reason for *_, reason in rows[:REASONS_SHOWN])


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
