"""What one change would do to a run, and how far people's changes helped. No database."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from closeknit.rooms.demand.compute.adjusting import NOBODY, adjust_panels
from closeknit.rooms.demand.compute.placing import FloatArray, shares_of_rows
from closeknit.rooms.demand.contracts import AccountShares, Adjustment, AppliedAdjustment, Panel, PreviewWeek


def preview(
    panels: Sequence[Panel], levels: FloatArray, adjustment: Adjustment, shares: AccountShares = NOBODY
) -> tuple[tuple[PreviewWeek, ...], AppliedAdjustment]:
    """Apply one adjustment on top of a run's final numbers; return the place's weeks, none where it matches nothing."""
    after, (applied,) = adjust_panels(panels, levels, [adjustment], shares)
    if not applied.weeks:
        return (), applied
    weeks: dict[date, list[float]] = {}
    for old, new in zip(panels, after, strict=True):
        rows, parts = shares_of_rows(new.keys, adjustment.place, shares)
        known = rows < len(old.keys)
        days = new.local_starts.astype("datetime64[D]")
        in_window = (days >= np.datetime64(adjustment.from_on)) & (days < np.datetime64(adjustment.to_on))
        per_week = 7 * round(new.local_starts.size / np.unique(days).size)
        for week in np.unique(new.week_on):
            columns = np.flatnonzero((days >= week) & (days < week + np.timedelta64(7, "D")))
            whole = columns.size == per_week and bool(in_window[columns].all())
            row = weeks.setdefault(week.astype("datetime64[D]").item(), [0.0, 0.0, 0.0, 1.0])
            cells = np.ix_(rows[known], columns)
            change = (new.mean[np.ix_(rows, columns)].sum()) - old.mean[cells].sum()
            before = float(parts[known] @ old.mean[cells].sum(axis=1))
            row[0] += float(parts[known] @ old.statistical_mean[cells].sum(axis=1))
            row[1] += before
            row[2] += before + float(change)
            row[3] *= float(whole or not columns.size)
    found = (PreviewWeek(week, s, b, a, bool(whole)) for week, (s, b, a, whole) in sorted(weeks.items()))
    return tuple(found), applied
