"""What the product finds in a sample company, against what the generator knows and the product may not read."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import exp, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.db import connection, transaction
from tests.cast import enter

from closeknit.demo import CompanySpec, generate
from closeknit.kernel import clock, events, ids

pytestmark = pytest.mark.django_db
SPEC = CompanySpec(seed=11, accounts=60, weeks=60, ends_on=date(2026, 3, 2))
OPERATIONS = ("warehouse", "service-desk", "field-service")
SERVICES = {"picking": "order_lines.csv", "phone": "contacts.csv", "email": "contacts.csv", "repair": "incidents.csv"}
REGION_OF_POOL = {"dach": "dach", "na": "north-america", "iberia": "iberia"}
LAST_WEEKS = 16
CODES = {
    "conflicting_duplicate": {"key-conflict"},
    "far_future_date": {"far-future"},
    "impossible_date": {"impossible-date"},
    "missing_required": {"missing"},
    "negative_number": {"out-of-range"},
    "not_a_number": {"not-finite"},
    "text_in_number": {"not-a-number", "not-a-whole-number"},
    "unknown_account": {"unknown-account"},
}


@dataclass(frozen=True)
class Found:
    """What the product found."""

    counts: Any
    refused: dict[tuple[str, int], str]
    accepted: set[tuple[str, int]]
    amounts: dict[tuple[bool, str], Decimal]
    handle_minutes: dict[tuple[str, str, str], tuple[float, int]]
    weekly_units: dict[tuple[str, str], float]
    account_units: dict[str, dict[str, float]]
    planned_minutes: dict[str, float]
    pool_weeks: list[Any]


@dataclass(frozen=True)
class Truth:
    """What the generator knows."""

    company: dict[str, Any]
    totals: dict[str, Any]
    bad: list[dict[str, Any]]
    folder: Path

    def table(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.folder / f"{name}.parquet").to_pylist()
        return rows


@pytest.fixture(scope="module")
def told(tmp_path_factory, django_db_setup, django_db_blocker) -> tuple[Found, Truth]:
    files = generate(SPEC, tmp_path_factory.mktemp("company") / "company")
    read = {name: json.loads((files.truth / f"{name}.json").read_text()) for name in ("company", "totals", "bad_rows")}
    truth = Truth(read["company"], read["totals"], read["bad_rows"], files.truth)
    with django_db_blocker.unblock(), transaction.atomic():
        found = find(files.folder)
        transaction.set_rollback(True)
    return found, truth


def find(folder: Path) -> Found:
    """Load by the front door, forecast and plan each operation."""
    from closeknit.kernel.models import Delivery
    from closeknit.rooms.capacity import reads as capacity
    from closeknit.rooms.capacity.actions.propose_plan import propose_plan
    from closeknit.rooms.capacity.compute import inputs_of
    from closeknit.rooms.capacity.models import Plan
    from closeknit.rooms.demand import reads as demand
    from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
    from closeknit.rooms.sensing import reads as sensing
    from closeknit.rooms.sensing.actions.load_recipe import load_recipe

    alice, at = enter("alice"), clock.now()
    batch = load_recipe("sample-company", folder, by=alice, at=at)
    while events.deliver():
        continue
    assert not list(Delivery.objects.exclude(last_error="").values_list("last_error", flat=True))
    weekly: dict[tuple[str, str], float] = {}
    accounts, minutes, pool_weeks, handled = {}, {}, [], {}
    for operation in OPERATIONS:
        thread = ids.new_id()
        run = refresh_forecast(operation, as_of=None, weeks=8, thread_id=thread, by=alice, at=at)
        for panel in demand.get_numbers(run, by=alice).panels:
            weekly |= dict(zip(panel.total_keys, panel.total_weekly_mean[:, 1:8].mean(axis=1), strict=True))
        accounts[operation] = demand.account_weekly_share(operation, run, by=alice)
        plan = propose_plan(run, thread_id=thread, by=alice, at=at)
        pool_weeks += capacity.list_pool_weeks(plan, by=alice)
        inputs = inputs_of(bytes(Plan.objects.get(pk=plan).snapshot))
        minutes |= {pool.pool: pool.handle_minutes for pool in inputs.pools}
        handled |= sensing.handle_minutes(operation, by=alice)
    return Found(
        counts=batch.counts,
        refused={(r.source_name, r.line): r.code for r in sensing.list_quarantined(by=alice, limit=10_000)},
        accepted=_accepted(),
        amounts=_amounts(),
        handle_minutes=handled,
        weekly_units=weekly,
        account_units=accounts,
        planned_minutes=minutes,
        pool_weeks=pool_weeks,
    )


def _accepted() -> set[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("select distinct service, line from sensing_work")
        return {(SERVICES[service], line) for service, line in cursor.fetchall()}


def _amounts() -> dict[tuple[bool, str], Decimal]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select is_return, currency, sum(amount) from sensing_work where amount is not null group by 1, 2"
        )
        return {(is_return, currency): amount for is_return, currency, amount in cursor.fetchall()}


def test_every_good_row_was_taken_and_every_planted_row_refused_by_file_line_and_kind(told):
    found, truth = told
    copies = {(row["file"], row["line"]) for row in truth.bad if row["kind"] == "exact_duplicate"}
    planted = {(row["file"], row["line"]): row["kind"] for row in truth.bad if row["kind"] != "exact_duplicate"}
    assert set(found.refused) == set(planted)
    assert [place for place, code in found.refused.items() if code not in CODES[planted[place]]] == []
    for file in set(SERVICES.values()):
        lines = {(file, line) for line in range(2, truth.totals["files"][file]["rows"] + 2)}
        assert {place for place in found.accepted if place[0] == file} == lines - set(planted) - copies
    rows = sum(file["rows"] for file in truth.totals["files"].values())
    assert found.counts.read == rows
    assert found.counts.duplicate == len(copies)
    assert found.counts.accepted == rows - len(planted) - len(copies)


def test_money_adds_up_to_the_cent(told):
    found, truth = told
    for (is_return, currency), amount in found.amounts.items():
        kind = "return" if is_return else "order"
        assert amount == Decimal(truth.totals["sums"][f"{kind}_amount_{currency}"])


def pools_of(truth):
    """Pool code -> the (service, region) keys it serves, by the generator's own names."""
    regions = set(REGION_OF_POOL.values())
    served = {}
    for code in truth.company["pools"]:
        service, place = code.split("-")
        served[code] = [(service, r) for r in sorted(regions if place == "all" else {REGION_OF_POOL[place]})]
    return served


def standard_errors_off(found, truth, minutes_of):
    """How many standard errors the measured minutes of each measured pool are from `minutes_of` its truth."""
    off = {}
    for code, keys in pools_of(truth).items():
        mine = [found.handle_minutes[k] for k in found.handle_minutes if k[:2] in keys]
        if not mine:
            continue
        count = sum(n for _, n in mine)
        mean = sum(m * n for m, n in mine) / count
        pool = truth.company["pools"][code]
        error = pool["mean_minutes"] * sqrt((exp(pool["sigma"] ** 2) - 1.0) / count)
        off[code] = abs(mean - minutes_of(pool)) / error
        # Less than a hundred units of work are not enough to overrule what the company states.
        planned = mean if count >= 100 else pool["stated_minutes"]
        assert found.planned_minutes[code] == pytest.approx(planned, rel=1e-6)
    return off


def test_handle_minutes_are_measured_within_three_standard_errors_and_planned_with(told):
    found, truth = told
    off = standard_errors_off(found, truth, lambda pool: pool["mean_minutes"])
    assert len(off) == 7
    assert max(off.values()) < 3.0
    # What the company states is wrong, and there is data enough to see it.
    assert max(standard_errors_off(found, truth, lambda pool: pool["stated_minutes"]).values()) > 3.0


def test_each_pool_is_forecast_the_hours_that_it_is_to_expect(told):
    found, truth = told
    off = {}
    for code, keys in pools_of(truth).items():
        weeks = [r["expected_hours"] for r in truth.table("pool_weeks") if r["pool"] == code][-LAST_WEEKS:]
        hours_each = truth.company["pools"][code]["mean_minutes"] / 60.0
        units, forecast_units = np.mean(weeks) / hours_each, sum(found.weekly_units[key] for key in keys)
        # Lines come several to an order, which makes their number vary more than that of single calls or visits.
        per_arrival = 5.0 if code.startswith("picking") else 1.0
        chance = sqrt(units * per_arrival / 8.0)
        off[code] = (forecast_units - units) / sqrt(chance**2 + (0.08 * units) ** 2)
    assert len(off) == 10
    assert max(map(abs, off.values())) < 3.0, off
    assert abs(np.mean(list(off.values()))) < 1.0, off


def steady_accounts(truth):
    """Accounts whose rates nothing planted changed in the last half of the data."""
    shift = truth.company["region_shift"]
    late = SPEC.weeks - 2 * LAST_WEEKS
    return [
        account
        for account in truth.table("accounts")
        if all(account[f"{event}_week"] is None or account[f"{event}_week"] < late for event in ("spike", "shift"))
        and account["churn_week"] is None
        and not (shift and account["region"] == shift["region"])
        and account["opened_day"] <= 7 * late
    ]


def rates_off(found, truth, accounts, rate_of):
    """Per account with enough work: forecast less true weekly lines, in standard errors of a mean of eight weeks."""
    true = {}
    for row in truth.table("weekly_rates"):
        if row["week"] >= SPEC.weeks - LAST_WEEKS:
            true.setdefault(row["account_number"], []).append(row["lines"])
    off = []
    for account in accounts:
        rate = float(np.mean(true[rate_of(account)]))
        if rate >= 1.0:
            guess = found.account_units["warehouse"].get(account["account_number"], 0.0)
            error = sqrt(rate * (account["lines_per_order"] + 1.0) / 8.0)
            off.append((guess - rate) / sqrt(error**2 + (0.15 * rate) ** 2))
    return np.array(off)


def test_weekly_rates_of_steady_accounts_are_forecast_within_chance(told):
    found, truth = told
    accounts = steady_accounts(truth)
    off = rates_off(found, truth, accounts, lambda account: account["account_number"])
    assert off.size >= 15
    assert np.abs(off).max() < 4.0
    assert abs(off.mean()) < 0.75
    # Compared with the truth of another account the same forecasts are plainly wrong.
    numbers = [account["account_number"] for account in accounts]
    other = dict(zip(numbers, [*numbers[1:], numbers[0]], strict=True))
    assert np.abs(rates_off(found, truth, accounts, lambda account: other[account["account_number"]])).max() > 4.0


def test_the_planted_tight_pool_is_short_with_a_price(told):
    found, truth = told
    tight = truth.company["tight_pool"]["pool"]
    share = {}
    for code in {week.pool for week in found.pool_weeks if week.pool.startswith("picking-")}:
        weeks = [week for week in found.pool_weeks if week.pool == code]
        share[code] = sum(w.short_hours for w in weeks) / sum(w.need_hours for w in weeks)
    assert max(share, key=lambda code: share[code]) == tight
    mine = [week for week in found.pool_weeks if week.pool == tight]
    assert all(week.short_hours > 0 and week.price_per_hour > 0 and week.one_more_unit_worth > 0 for week in mine)
    free = [week for week in found.pool_weeks if week.short_hours == 0 and week.overtime_hours == 0]
    assert free
    assert all(week.price_per_hour == 0 for week in free)
