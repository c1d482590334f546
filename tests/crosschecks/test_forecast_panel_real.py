"""Forecasts as a plan gets them, on real histories: the last tenth of time held out and forecast as it comes."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from closeknit.engine.forecasting import forecast_by_rolling_choice
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.contracts import Grain
from closeknit.rooms.sensing.contracts import SeriesKey

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("CLOSEKNIT_SHARED", ROOT.parent / "shared")) / "data"
MOST_DAYS, DAYS_AHEAD = 3 * 364, 28
OLD_CANDIDATES = (1, 2, 4, 8, 16, 32)
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the shared real sets are not here")


def columns(path: str, *names: str) -> list[np.ndarray]:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(DATA / path, columns=list(names))
    return [table.column(name).to_numpy(zero_copy_only=False) for name in names]


def history_of(days: np.ndarray, services: np.ndarray, units: np.ndarray | None = None, most: int = 12):
    """Units by service and day; the rarest services together."""
    day = days.astype("datetime64[D]")
    first, last = day.min(), day.max()
    names, count = np.unique(services.astype(str), return_counts=True)
    top = set(names[np.argsort(-count, kind="stable")[:most]])
    kind = np.array([name if name in top else "other" for name in services.astype(str)])
    kinds = sorted(set(kind))
    values = np.zeros((len(kinds), int((last - first).astype(int)) + 1))
    weight = np.ones(day.size) if units is None else units
    np.add.at(values, (np.searchsorted(kinds, kind), (day - first).astype(int)), weight)
    kept = values[:, -MOST_DAYS:]
    starts = (last - np.arange(kept.shape[1])[::-1]).astype("datetime64[m]")
    keys = tuple(SeriesKey("real", kind, "", "", "") for kind in kinds)
    return compute.History(Grain.DAY, keys, starts, kept)


def retail():
    invoice, moment = columns("online_retail/online_retail.parquet", "InvoiceNo", "InvoiceDate")
    first = np.unique(invoice.astype(str), return_index=True)[1]
    return history_of(moment[first], np.full(first.size, "orders")), "GB"


def incidents():
    number, opened, category = columns(
        "incidents_servicenow/incident_event_log.parquet", "number", "opened_at", "category"
    )
    first = np.unique(number.astype(str), return_index=True)[1]
    return history_of(opened[first], category[first]), ""


def requests():
    kind, created = columns("baltimore_311/service_requests.parquet", "SRType", "CreatedDate")
    return history_of(created, kind), "US/MD"


def calls():
    day, incoming = columns("contact_center/daily_kpi.parquet", "day_index", "incoming_calls")
    days = np.datetime64("2021-01-01") + day.astype(np.int64)
    return history_of(days, np.full(day.size, "phone"), incoming.astype(float)), ""


@dataclass
class Held:
    """What a method said of the days held out, and of their weeks, with what came."""

    miss: float = 0.0
    naive: float = 0.0
    old: float = 0.0
    work: float = 0.0
    day_inside: list[np.ndarray] | None = None
    week_inside: list[np.ndarray] | None = None


def held_out(history, country: str) -> Held:
    """Roll through the last tenth of time, forecasting four weeks at once as a plan does."""
    periods = history.local_starts.size
    days = history.local_starts.astype("datetime64[D]")
    ahead = min(DAYS_AHEAD, periods // 10)
    occasions = compute.public_holidays({"": country}, days[0].item(), days[-1].item()) if country else []
    found = Held(day_inside=[], week_inside=[])
    for origin in range(periods - periods // 10, periods - ahead + 1, ahead):
        past = replace(history, local_starts=history.local_starts[:origin], quantities=history.quantities[:, :origin])
        panel, _ = compute.forecast_panel(past, {}, ahead, occasions=occasions)
        order = [[k.service for k in history.keys].index(service) for service, _ in panel.total_keys]
        actual = history.quantities[order, origin : origin + ahead]
        last = past.quantities[order, -7:]
        old = forecast_by_rolling_choice(past.quantities[order], 7, ahead, [0.5], OLD_CANDIDATES)
        found.work += actual.sum()
        found.miss += np.abs(actual - panel.total_mean).sum()
        found.naive += np.abs(actual - np.tile(last, (1, ahead // 7 + 1))[:, :ahead]).sum()
        found.old += np.abs(actual - old.mean).sum()
        low, high = panel.total_quantiles[[0, 5]]
        found.day_inside.append(((actual >= low) & (actual <= high)).ravel())
        monday, member = np.unique((days[origin : origin + ahead].astype(int) + 3) // 7, return_inverse=True)
        weeks = np.stack([actual[:, member == w].sum(axis=1) for w in range(monday.size)], axis=1)
        low, high = panel.total_weekly_quantiles[[0, 5]]
        found.week_inside.append(((weeks >= low) & (weeks <= high)).ravel())
    return found


SETS = (retail, incidents, requests, calls)


@cache
def found_in(read: Callable[[], tuple[compute.History, str]]) -> Held:
    return held_out(*read())


@pytest.mark.parametrize("read", SETS, ids=lambda f: f.__name__)
def test_the_last_tenth_is_forecast_better_than_by_the_last_week(read, record_property) -> None:  # type: ignore[no-untyped-def]
    found = found_in(read)
    by_day, by_week = (float(np.mean(np.concatenate(inside))) for inside in (found.day_inside, found.week_inside))
    told = f"{read.__name__}: WAPE {found.miss / found.work:.3f}, last week {found.naive / found.work:.3f}, "
    told += f"means of weeks {found.old / found.work:.3f}; 80 % of days {by_day:.3f}, of weeks {by_week:.3f}"
    record_property("held_out", told)
    print(told)
    assert found.miss <= found.naive


def test_eighty_percent_intervals_of_days_over_all_sets() -> None:
    # Days of one forecast miss together, and retail has a single one, into its peak: a set alone says little.
    shares = [float(np.mean(np.concatenate(found_in(read).day_inside))) for read in SETS]
    assert 0.65 <= np.mean(shares) <= 0.9
