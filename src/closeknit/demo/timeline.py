"""Days with data, in each region's local time: offsets from UTC, open days and the business clock.

The business clock of a region runs 1440 minutes on an open day and none on a closed one. All events lie
between 06:00 and 22:00 local, so the offset at local noon is the offset of the whole day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from closeknit.demo.places import REGIONS, Region, closures
from closeknit.demo.spec import CompanySpec

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

DAY_MINUTES = 1440
_TAIL_DAYS = 180


def _offset(region: Region, day: date) -> str:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(region.time_zone))
    text = noon.strftime("%z")
    return f"{text[:3]}:{text[3:]}"


@dataclass(frozen=True)
class Timeline:
    """Calendars of all regions from the first day with data to some months after the last."""

    spec: CompanySpec
    date_texts: list[str]
    offsets: list[list[str]]
    is_open: Bools
    open_before: Ints
    open_days: list[Ints]
    year_day: Ints

    @classmethod
    def of(cls, spec: CompanySpec) -> Timeline:
        """Build the calendars of `spec`."""
        days = [spec.starts_on + timedelta(d) for d in range(spec.days + _TAIL_DAYS)]
        closed = [closures(region, days[0], days[-1]) for region in REGIONS]
        is_open = np.array([[d.weekday() < 5 and d not in shut for d in days] for shut in closed])
        before = np.concatenate([np.zeros((len(REGIONS), 1), np.int64), is_open.cumsum(axis=1)[:, :-1]], axis=1)
        return cls(
            spec,
            [d.isoformat() for d in days],
            [[_offset(region, d) for d in days] for region in REGIONS],
            is_open,
            before,
            [np.flatnonzero(row).astype(np.int64) for row in is_open],
            np.array([d.timetuple().tm_yday for d in days], np.int64),
        )

    @property
    def days(self) -> int:
        """Days with data."""
        return self.spec.days

    def clock(self, region: Ints, day: Ints, minute: Ints) -> Ints:
        """Business minutes since the first day at local `minute` (of the day) of `day`."""
        open_now = self.is_open[region, day]
        return self.open_before[region, day] * DAY_MINUTES + np.where(open_now, minute, 0)

    def at_clock(self, region: Ints, clock: Ints) -> tuple[Ints, Ints]:
        """The day and local minute at which the business clock shows `clock`."""
        ordinal, minute = np.divmod(clock, DAY_MINUTES)
        day = np.empty_like(ordinal)
        for r, open_days in enumerate(self.open_days):
            mine = region == r
            day[mine] = open_days[np.minimum(ordinal[mine], len(open_days) - 1)]
        return day, minute

    def stamps(self, region: Ints, day: Ints, second: Ints) -> list[str]:
        """ISO 8601 local times with offset; `second` is the second of the day."""
        dates, offsets = self.date_texts, self.offsets
        hours, rest = np.divmod(second, 3600)
        minutes, seconds = np.divmod(rest, 60)
        rows = zip(region.tolist(), day.tolist(), hours.tolist(), minutes.tolist(), seconds.tolist(), strict=True)
        return [f"{dates[d]}T{h:02d}:{m:02d}:{s:02d}{offsets[r][d]}" for r, d, h, m, s in rows]

    def by_weekday(self, weekday_shares: Any) -> Floats:
        """A weekly profile (Monday first) laid over the days with data."""
        return np.tile(np.asarray(weekday_shares, np.float64), self.spec.weeks)
