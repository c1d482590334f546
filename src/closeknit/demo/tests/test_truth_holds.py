"""What happened agrees with the truth within statistical error, and what was planted can be seen."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from datetime import date, datetime
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pyarrow.parquet as pq
import pytest

from closeknit.demo import CompanySpec, generate
from closeknit.demo.comments import compose, themes_for
from closeknit.demo.names import company_name

SPEC = CompanySpec(seed=11, accounts=200, weeks=26, ends_on=date(2026, 11, 16))
ABOUT_ORDERS = ("order-status", "late-delivery")


class Company:
    """The good rows of each file and the truth, read once."""

    def __init__(self, folder: Path) -> None:
        generate(SPEC, folder)
        self.folder = folder
        self.facts: dict[str, Any] = json.loads((folder / "truth/company.json").read_text())
        bad = json.loads((folder / "truth/bad_rows.json").read_text())
        self.bad = {(row["file"], row["line"]) for row in bad}
        self.orders = self.rows("order_lines.csv")
        self.contacts = self.rows("contacts.csv")
        self.incidents = self.rows("incidents.csv")
        self.surveys = self.rows("surveys.csv")

    def rows(self, file: str) -> list[dict[str, str]]:
        with (self.folder / file).open(encoding="utf-8", newline="") as handle:
            rows = enumerate(csv.DictReader(handle), start=2)
            return [row for line, row in rows if (file, line) not in self.bad]

    def table(self, name: str) -> list[dict[str, Any]]:
        return pq.read_table(self.folder / f"truth/{name}.parquet").to_pylist()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return Company(tmp_path_factory.mktemp("fernhill"))


def week_of(text: str) -> int:
    return (datetime.fromisoformat(text).date() - SPEC.starts_on).days // 7


def assert_poisson(observed: float, expected: float, what: str) -> None:
    """Within four standard deviations of a Poisson count."""
    assert abs(observed - expected) < 4.0 * sqrt(expected) + 1.0, f"{what}: {observed} against {expected:.1f}"


def sold(company: Company) -> set[tuple[str, str, str]]:
    rows = (row for row in company.orders if row["kind"] == "order")
    return {(row["order_number"], row["account_number"], row["ordered_at"]) for row in rows}


def test_counts_match_true_rates(company: Company) -> None:
    expected: dict[str, Counter[str]] = defaultdict(Counter)
    for row in company.table("weekly_rates"):
        for what in ("orders", "calls", "emails", "incidents"):
            expected[what][row["account_number"]] += row[what]
    background = [row for row in company.contacts if row["topic"] not in ABOUT_ORDERS]
    observed = {
        "orders": Counter(account for _, account, _ in sold(company)),
        "calls": Counter(row["account_number"] for row in background if row["channel"] == "phone"),
        "emails": Counter(row["account_number"] for row in background if row["channel"] == "email"),
        "incidents": Counter(row["account_number"] for row in company.incidents),
    }
    for what, counts in observed.items():
        assert_poisson(counts.total(), expected[what].total(), what)
        # Dispersion over accounts: chi-square per account is one if counts are Poisson at the true rate.
        terms = [(counts[a] - e) ** 2 / e for a, e in expected[what].items() if e > 3.0]
        assert abs(fmean(terms) - 1.0) < 5.0 * sqrt(2.0 / len(terms)), what


def test_weekly_orders_match_true_rates(company: Company) -> None:
    expected: Counter[int] = Counter()
    for row in company.table("weekly_rates"):
        expected[row["week"]] += row["orders"]
    observed = Counter(week_of(at) for _, _, at in sold(company))
    for week in range(SPEC.weeks):
        assert_poisson(observed[week], expected[week], f"orders in week {week}")


def test_lines_per_order_match(company: Company) -> None:
    expected = sum(row["lines"] for row in company.table("weekly_rates"))
    lines = sum(row["kind"] == "order" for row in company.orders)
    # A geometric count of mean m has variance m(m-1): the sum over Poisson orders spreads m(2m-1) each.
    mean = expected / len(sold(company))
    assert abs(lines - expected) < 4.0 * sqrt(len(sold(company)) * mean * (2.0 * mean - 1.0) * 1.5)


def test_handle_times_match_the_pools_distributions(company: Company) -> None:
    samples: dict[str, list[float]] = defaultdict(list)
    short = {"north-america": "na", "iberia": "iberia", "dach": "dach"}
    for row in company.contacts:
        pool = "email-all" if row["channel"] == "email" else f"phone-{short[row['region']]}"
        if row["abandoned"] == "false":
            samples[pool].append(float(row["handle_minutes"]))
    for row in company.incidents:
        samples[f"repair-{short[row['region']]}"].append(float(row["visit_minutes"]))
    assert len(samples) == 7
    for pool, minutes in samples.items():
        mean = company.facts["pools"][pool]["mean_minutes"]
        assert abs(fmean(minutes) - mean) < 4.0 * stdev(minutes) / sqrt(len(minutes)), pool


def test_calls_follow_the_half_hour_pattern(company: Company) -> None:
    calls = [row for row in company.contacts if row["channel"] == "phone"]
    at = [datetime.fromisoformat(row["contacted_at"]) for row in calls]
    counts = Counter((t.hour - 8) * 2 + t.minute // 30 for t in at)
    for half_hour, share in enumerate(company.facts["half_hour_share_from_0800"]):
        assert_poisson(counts[half_hour], share * len(calls), f"half-hour {half_hour}")


def test_tiers_have_their_shares_and_sizes(company: Company) -> None:
    accounts = company.table("accounts")
    assert Counter(a["tier"] for a in accounts) == {"strategic": 4, "key": 16, "standard": 60, "volume": 120}
    size = {t: fmean(a["orders_per_week"] for a in accounts if a["tier"] == t) for t in ("strategic", "key", "volume")}
    assert size["strategic"] > size["key"] > size["volume"]
    assert len({a["name"] for a in company.rows("accounts.csv")}) == len(accounts)


def test_churned_accounts_fall_silent(company: Company) -> None:
    gone = {a["account_number"]: a["churn_week"] for a in company.table("accounts") if a["churn_week"] is not None}
    assert gone
    for _, account, at in sold(company):
        assert week_of(at) < gone.get(account, SPEC.weeks)


def test_planted_effects_are_in_the_true_rates_and_the_files(company: Company) -> None:
    spike = company.facts["region_spike"]
    region = {a["account_number"]: a["region"] for a in company.table("accounts")}
    weekly = Counter(week_of(at) for _, account, at in sold(company) if region[account] == spike["region"])
    in_spike = fmean(weekly[w] for w in range(spike["from_week"], spike["to_week"]))
    around = fmean(
        weekly[w]
        for w in range(spike["from_week"] - 5, spike["to_week"] + 4)
        if not spike["from_week"] <= w < spike["to_week"]
    )
    assert in_spike / around > 1.45
    assert any(a["spike_week"] is not None for a in company.table("accounts"))
    assert any(a["shift_week"] is not None for a in company.table("accounts"))


def test_spike_weeks_are_short_and_the_tight_pool_is_short_at_the_end(company: Company) -> None:
    load = {(r["pool"], r["week"]): r["expected_hours"] / r["capacity_hours"] for r in company.table("pool_weeks")}
    spike, tight = company.facts["region_spike"], company.facts["tight_pool"]
    assert all(load["picking-na", w] > 1.2 for w in range(spike["from_week"], spike["to_week"]))
    at_end = fmean(load[tight["pool"], w] for w in range(tight["from_week"], SPEC.weeks))
    assert 1.04 < at_end < 1.18
    usual = [x for (pool, week), x in load.items() if pool != tight["pool"] or week < tight["from_week"]]
    assert sum(x < 1.0 for x in usual) / len(usual) > 0.85


def test_late_deliveries_come_with_complaints_and_lower_scores(company: Company) -> None:
    complaints = Counter(row["account_number"] for row in company.contacts if row["topic"] == "late-delivery")
    orders = Counter(account for _, account, _ in sold(company))
    assert 0.005 < complaints.total() / orders.total() < 0.25
    moods = {row["survey_number"]: (row["theme"], row["mood"]) for row in company.table("surveys")}
    scores: dict[bool, list[int]] = {True: [], False: []}
    for row in company.surveys:
        if row["kind"] == "csat":
            share = complaints[row["account_number"]] / max(1, orders[row["account_number"]])
            scores[share > 0.06].append(int(row["score"]))
        assert bool(row["comment"]) == bool(moods[row["survey_number"]][0])
    assert fmean(scores[True]) < fmean(scores[False])


def test_comments_vary(company: Company) -> None:
    comments = [row["comment"] for row in company.surveys if row["comment"]]
    assert len(set(comments)) > 0.4 * len(comments)


def test_every_mood_has_a_comment_for_every_theme() -> None:
    for mood in ("bad", "mixed", "good"):
        for theme in themes_for(mood):
            assert compose(theme, mood, (0.0, 0.99, 0.0)).endswith((".", "!"))


@pytest.mark.parametrize("region", ["north-america", "iberia", "dach"])
def test_company_names_are_all_different(region: str) -> None:
    assert len({company_name(n, 7, region) for n in range(100_000)}) == 100_000
