"""Events move the orders as the truth says, and opportunities are won by the planted chances."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from math import exp, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from closeknit.demo import CompanySpec, generate
from closeknit.demo.accounts import draw_profiles, granules
from closeknit.demo.opportunities import LEAST_DAYS, LOST_MEAN_DAYS, WIN_SHARES, WON_MEAN_DAYS, draw_opportunities

SPEC = CompanySpec(seed=5, accounts=200, weeks=60, ends_on=date(2026, 11, 16))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(SPEC, tmp_path_factory.mktemp("fernhill")).folder


def table(folder: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / f"truth/{name}.parquet").to_pylist()
    return rows


def good(folder: Path, file: str, key: str, known: set[str]) -> dict[str, dict[str, str]]:
    """The first row of each known key: planted copies come later, other bad rows have other keys."""
    found: dict[str, dict[str, str]] = {}
    with (folder / file).open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            if row[key] in known:
                found.setdefault(row[key], row)
    return found


def test_every_event_is_in_the_file_with_its_days(folder: Path) -> None:
    told = {row["event_number"]: row for row in table(folder, "events")}
    rows = good(folder, "events.csv", "event_number", set(told))
    assert set(rows) == set(told)
    for number, row in rows.items():
        assert row["kind"] == told[number]["kind"]
        assert row["starts_on"] == (SPEC.starts_on + timedelta(weeks=told[number]["from_week"])).isoformat()
        assert row["ends_on"] == (SPEC.starts_on + timedelta(weeks=told[number]["to_week"])).isoformat()
    kinds = Counter(row["kind"] for row in rows.values())
    assert set(kinds) == {"promotion", "launch", "shutdown", "customer-event", "contract-start"}
    assert any(row["starts_on"] >= SPEC.ends_on.isoformat() for row in rows.values())


def weekly_orders(folder: Path) -> dict[str, np.ndarray]:
    first: dict[str, tuple[str, int]] = {}
    with (folder / "order_lines.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            if (
                row["kind"] == "order"
                and row["ordered_at"][:4] in ("2025", "2026")
                and "-02-30" not in row["ordered_at"]
            ):
                week = (date.fromisoformat(row["ordered_at"][:10]) - SPEC.starts_on).days // 7
                first.setdefault(row["order_number"], (row["account_number"], week))
    counts: dict[str, np.ndarray] = {}
    for account, week in first.values():
        counts.setdefault(account, np.zeros(SPEC.weeks))[week] += 1
    return counts


def test_launches_and_shutdowns_move_the_orders_as_told(folder: Path) -> None:
    orders = weekly_orders(folder)
    rates: dict[str, np.ndarray] = {}
    for row in table(folder, "weekly_rates"):
        rates.setdefault(row["account_number"], np.zeros(SPEC.weeks))[row["week"]] = row["orders"]
    seen = expected = usual = 0.0
    shut = 0
    for event in table(folder, "events"):
        span = slice(event["from_week"], min(event["to_week"], SPEC.weeks))
        if not event["is_new"] or event["from_week"] >= SPEC.weeks:
            continue
        if event["kind"] == "shutdown":
            shut += 1
            assert rates[event["account_number"]][span].sum() == 0
            assert orders[event["account_number"]][span].sum() == 0
        else:
            seen += orders[event["account_number"]][span].sum()
            expected += rates[event["account_number"]][span].sum()
            usual += rates[event["account_number"]][span].sum() / (1.0 + event["true_share"])
    assert shut >= 3
    assert abs(seen - expected) < 4.0 * sqrt(expected)
    assert seen > usual + 2.0 * sqrt(usual), "without launches there would be no more orders than usual"


def test_won_opportunities_bring_orders_of_their_own_and_lost_ones_none(folder: Path) -> None:
    truth = table(folder, "opportunities")
    bringing = {
        r["account_number"] for r in truth if r["wins"] and r["starts_day"] >= 0 and r["closes_day"] < SPEC.days
    }
    bringing |= {r["account_number"] for r in table(folder, "events") if r["kind"] == "launch"}
    with (folder / "order_lines.csv").open(encoding="utf-8", newline="") as handle:
        extra = Counter(r["account_number"] for r in csv.DictReader(handle) if r["order_number"].startswith("PO-"))
    assert extra.total() > 100
    assert set(extra) <= bringing


def test_files_state_what_is_known_at_their_end_and_no_more(folder: Path) -> None:
    told = {row["opportunity_number"]: row for row in table(folder, "opportunities")}
    rows = good(folder, "opportunities.csv", "opportunity_number", set(told))
    assert set(rows) == set(told)
    for number, row in rows.items():
        is_closed = told[number]["closes_day"] < SPEC.days
        assert row["outcome"] == (("won" if told[number]["wins"] else "lost") if is_closed else "")
        assert bool(row["closed_on"]) == is_closed
        assert row["opened_on"] < SPEC.ends_on.isoformat()
        assert is_closed or row["expected_close_on"] >= SPEC.ends_on.isoformat()
    assert {row["outcome"] for row in rows.values()} == {"won", "lost", ""}


def test_chances_are_those_planted_by_stage_and_age() -> None:
    spec = CompanySpec(seed=5, accounts=4000, weeks=104, ends_on=date(2026, 11, 16))
    found = [draw_opportunities(spec, draw_profiles(spec, granule)) for granule in range(granules(spec.accounts))]
    stage, wins = np.concatenate([f.stage for f in found]), np.concatenate([f.wins for f in found])
    took = np.concatenate([f.closes_day - f.opened_day for f in found])
    for number, share in enumerate(WIN_SHARES):
        mine = stage == number
        assert abs(wins[mine].mean() - share) < 4.0 * sqrt(share * (1.0 - share) / mine.sum())
        old = mine & (took > LEAST_DAYS + 90)
        won, lost = share * exp(-90 / WON_MEAN_DAYS), (1.0 - share) * exp(-90 / LOST_MEAN_DAYS)
        chance = won / (won + lost)
        assert abs(wins[old].mean() - chance) < 4.0 * sqrt(chance * (1.0 - chance) / old.sum()), "older, less likely"
