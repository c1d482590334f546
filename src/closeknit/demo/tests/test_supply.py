"""Stock at the depots against the truth: buyers keep most items at their level, and a few were forgotten."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, timedelta
from math import sqrt
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from closeknit.demo import CompanySpec, generate
from closeknit.demo.supply import FORGOTTEN_LEVEL_SHARE, FORGOTTEN_SHARE

SPEC = CompanySpec(seed=5, accounts=200, weeks=60, ends_on=date(2026, 11, 16))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("depots")
    generate(SPEC, found)
    return found


def rows(folder: Path, file: str) -> list[dict[str, str]]:
    with (folder / file).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def truth(folder: Path) -> dict[tuple[str, str], dict[str, float]]:
    return {(row["item"], row["site"]): row for row in pq.read_table(folder / "truth/stock.parquet").to_pylist()}


def test_what_was_not_forgotten_is_at_its_level(folder: Path) -> None:
    known, stock = truth(folder), rows(folder, "stock.csv")
    assert {(row["item"], row["site"]) for row in stock} == set(known)
    for row in stock:
        true = known[row["item"], row["site"]]
        position = int(row["on_hand"]) + int(row["on_order"])
        if true["is_forgotten"]:
            assert row["on_order"] == "0"
            assert position <= FORGOTTEN_LEVEL_SHARE * true["level_units"]
        else:
            assert position >= true["level_units"]
    forgotten = sum(true["is_forgotten"] for true in known.values())
    spread = sqrt(len(known) * FORGOTTEN_SHARE * (1 - FORGOTTEN_SHARE))
    assert abs(forgotten - FORGOTTEN_SHARE * len(known)) < 4 * spread
    assert sum(int(row["on_order"]) > 0 for row in stock) > len(stock) / 2


def test_the_true_mean_is_what_was_ordered(folder: Path) -> None:
    """Pieces of the last year at each depot, over all items: the truth is right to a few parts in a hundred."""
    site_of = {row["region"]: row["site_id"] for row in rows(folder, "sites.csv") if not row["account_number"]}
    since, ordered = (SPEC.ends_on - timedelta(days=364)).isoformat(), defaultdict[str, float](float)
    for row in rows(folder, "order_lines.csv"):
        if row["kind"] == "order" and row["units"].isdigit() and since <= row["ordered_at"][:10] < str(SPEC.ends_on):
            ordered[site_of.get(row["region"], "")] += int(row["units"]) / 52
    for site in site_of.values():
        expected = sum(true["weekly_units"] for (_, where), true in truth(folder).items() if where == site)
        assert ordered[site] == pytest.approx(expected, rel=0.45)
    whole = sum(true["weekly_units"] for true in truth(folder).values())
    assert sum(ordered.values()) == pytest.approx(whole, rel=0.3)
