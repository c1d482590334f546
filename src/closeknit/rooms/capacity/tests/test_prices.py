"""Prices are the plan's own, agree with solving again, and are shown as far as their reader may see."""

import csv
import io
import json
import math
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from scipy.optimize import linprog
from tests.cast import sign_in
from tests.small_company import AT, FOREIGN, build

from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.cost_offer import cost_offer
from closeknit.rooms.capacity.compute import make_plan, summarise
from closeknit.rooms.capacity.compute.holding import NotHeld
from closeknit.rooms.capacity.compute.inputs import GuaranteedHours
from closeknit.rooms.capacity.compute.offers import check_offer, cost_of_offer
from closeknit.rooms.capacity.compute.prices import Measured, PricePolicy, pool_prices, surge_price
from closeknit.rooms.capacity.contracts import OfferAsked, PriorityClass
from closeknit.rooms.capacity.reads.prices import shown_conflict
from closeknit.rooms.capacity.tests.builders import MONDAY, forecast, inputs, pool, term

POLICY = PricePolicy(list_margin_share=0.25, surge_most_multiple=3.0)
TERMS = (
    term("S", tier="strategic", minutes=1440.0, credit="30"),
    term("V", tier="volume", minutes=4320.0),
)


def given(heads, guarantees=()):
    told = inputs([pool(heads=heads)], TERMS, weeks=2)
    series = {("picking", "", "strategic", "ACME"): 60.0, ("picking", "", "volume", ""): 120.0}
    return replace(told, guarantees=tuple(guarantees)), forecast(series, weeks=2, tail_days=7)


def priced(heads):
    told, numbers = given(heads)
    result = make_plan(told, numbers)
    stored = {
        (row["pool"], row["week_on"]): Measured(row["one_more_unit_worth"], row["one_less_unit_cost"])
        for row in summarise(result, "EUR").pool_weeks
    }
    return told, numbers, result, stored


@pytest.mark.parametrize("heads", [1.0, 2.0, 3.0, 4.0, 8.0])
def test_measured_prices_are_what_solving_again_with_a_unit_more_or_less_gives(heads):
    told, _, result, stored = priced(heads)
    rows = pool_prices(result, stored, {"pickers": POLICY}, "EUR")
    (need,) = (plan.need for plan in result.pools)
    # The roster's own hours of overtime stay what they are: one unit more or less of regular hours.
    less, more = (
        solved(replace(need, capacity=np.maximum(need.capacity + s * need.unit_hours, 0.0)), told, need)
        for s in (-1.0, 1.0)
    )
    base = solved(need, told, need)
    for week, row in enumerate(rows):
        assert float(row.one_more_unit_worth) == pytest.approx(base[week] - more[week], abs=0.02)
        assert float(row.one_less_unit_cost) == pytest.approx(less[week] - base[week], abs=0.02)
        assert row.one_more_unit_worth <= row.price_per_unit + Decimal("0.02")
        assert row.price_per_unit <= row.one_less_unit_cost + Decimal("0.02")
        assert row.over_provision_cost == max(row.unit_cost - row.one_less_unit_cost, Decimal(0))
        assert float(row.unit_cost) == pytest.approx(row.unit_hours * 20.0 / 0.8, abs=0.01)
        assert float(row.work_list_price) == pytest.approx(0.1 * 1.25 * 20.0 / 0.8, abs=0.01)
        assert row.work_surge_price >= row.work_list_price


def solved(need, told, base):
    """The least cost of each week, by another solver: shortfall of each claim and overtime of each day."""
    claimants = len(need.claimants)
    found = []
    for week in range(told.weeks):
        inside = range(7 * week, 7 * week + 7)
        cost = [need.shortfall_cost_per_hour[c, d] for c in range(claimants) for d in inside]
        cost += [need.overtime_cost_per_hour] * 7
        rows, limits = [], []
        for place, d in enumerate(inside):
            row = np.zeros(7 * claimants + 7)
            row[[7 * c + place for c in range(claimants)]] = -1.0
            row[7 * claimants + place] = -1.0
            rows.append(row)
            limits.append(need.capacity[d] - need.claims[:, d].sum())
        budget = np.zeros(7 * claimants + 7)
        budget[7 * claimants :] = 1.0
        rows.append(budget)
        limits.append(base.capacity[list(inside)].sum() * base.pool.overtime_share_max)
        bounds = [(0.0, need.claims[c, d]) for c in range(claimants) for d in inside]
        bounds += [(0.0, base.capacity[d] * 0.5) for d in inside]
        found.append(linprog(cost, A_ub=np.array(rows), b_ub=limits, bounds=bounds).fun)
    return found


def test_who_has_hours_to_spare_is_told_so_and_who_has_too_few_too():
    _, _, result, stored = priced(8.0)
    for row in pool_prices(result, stored, {"pickers": POLICY}, "EUR"):
        assert (row.one_less_unit_cost, row.priority) == (Decimal("0.00"), PriorityClass.AS_USUAL)
        assert row.idle_hours > 0.0
        assert row.over_provision_cost == row.unit_cost
        assert row.sentence.startswith("Over-provided")
    _, _, result, stored = priced(1.0)
    for row in pool_prices(result, stored, {"pickers": POLICY}, "EUR"):
        assert row.idle_cost == 0
        assert row.sentence.startswith("Add: one more picker saves")
        assert row.priority is not PriorityClass.AS_USUAL


def test_surge_price_rule():
    assert surge_price(25.0, 10.0, POLICY).per_hour == 25.0
    assert surge_price(25.0, 10.0, POLICY).priority is PriorityClass.AS_USUAL
    assert surge_price(25.0, 60.0, POLICY).per_hour == 60.0
    assert surge_price(25.0, 60.0, POLICY).priority is PriorityClass.SURGE
    assert surge_price(25.0, 75.01, POLICY).priority is PriorityClass.PRIORITY


def offered(heads, asked, guarantees=(), tier="strategic"):
    told, numbers = given(heads, guarantees)
    check_offer(told, asked)
    before = make_plan(told, numbers)
    return cost_of_offer(told, numbers, asked, tier=tier, before=before, policy=POLICY), before


@pytest.mark.parametrize("heads", [2.0, 3.0, 5.0, 8.0])
def test_an_offer_of_one_unit_costs_others_what_the_plan_says_one_unit_less_costs(heads):
    told, before = offered(heads, OfferAsked("pickers", units=1.0))
    (plan,) = before.pools
    less = plan.week_cost_one_less - plan.week_cost
    np.testing.assert_allclose([float(row.others_cost) for row in told.weeks], less, atol=0.02)
    for row in told.weeks:
        assert float(row.list_price) == pytest.approx(32.0 * 1.25 * 25.0, abs=0.01)
        assert row.price == max(row.list_price, row.others_cost)
        assert row.hours_held == pytest.approx(32.0)
    assert told.conflicts == ()


def test_an_account_own_work_counts_towards_what_is_held_for_it():
    told, _ = offered(8.0, OfferAsked("pickers", units=2.0, account_number="ACME", weeks=1))
    (row,) = told.weeks
    assert row.hours_held == pytest.approx(64.0)
    assert 0.0 < row.hours_more < 64.0
    assert told.own_short_hours == 0.0
    none, _ = offered(8.0, OfferAsked("pickers", units=0.5, account_number="ACME", weeks=1))
    assert (none.weeks[0].hours_more, none.price) == (pytest.approx(0.0), 0)


def test_what_the_pool_has_not_cannot_be_held_and_the_conflict_is_named():
    signed = GuaranteedHours("K-1", 1, "ACME", "strategic", "", 50.0, MONDAY, None)
    told, _ = offered(2.0, OfferAsked("pickers", units=1.0, account_number="BOLT"), [signed], tier="key")
    (conflict,) = told.conflicts
    assert (conflict.accounts, conflict.contracts) == (("ACME", "BOLT"), ("K-1", "this offer"))
    alone, _ = offered(2.0, OfferAsked("pickers", units=3.0))
    assert alone.own_short_hours > 0.0
    assert alone.conflicts[0].have_hours < alone.conflicts[0].need_hours


def test_a_response_is_turned_into_units_that_keep_it_by_themselves():
    asked = OfferAsked("pickers", work_per_week=80.0, within_minutes=2.0, target_share=0.9)
    told, _ = offered(8.0, asked)
    # 80 a week over 40 open hours, 6 minutes each: 0.2 erlangs. Erlang C by hand.
    load, duty, share = 0.2, 0, 0.0
    while share < 0.9:
        duty += 1
        if duty > load:
            last = load**duty / math.factorial(duty) * duty / (duty - load)
            waits = last / (sum(load**k / math.factorial(k) for k in range(duty)) + last)
            share = 1.0 - waits * math.exp(-(duty - load) * 2.0 / 6.0)
    assert f"{duty} on duty" in told.sizing
    assert told.units == np.ceil(duty / 0.8)
    stricter, _ = offered(8.0, replace(asked, target_share=0.999))
    assert stricter.units > told.units


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        (OfferAsked("nobody", units=1.0), "pool"),
        (OfferAsked("pickers"), "units"),
        (OfferAsked("pickers", units=1.0, work_per_week=3.0), "units"),
        (OfferAsked("pickers", units=float("nan")), "units"),
        (OfferAsked("pickers", units=0.0), "units"),
        (OfferAsked("pickers", work_per_week=3.0), "work_per_week, within_minutes, target_share"),
        (OfferAsked("pickers", work_per_week=3.0, within_minutes=1.0, target_share=1.0), "target_share"),
        (OfferAsked("pickers", units=1.0, from_on=MONDAY + timedelta(days=1)), "from_on"),
        (OfferAsked("pickers", units=1.0, weeks=0), "weeks"),
    ],
)
def test_an_offer_that_cannot_be_computed_is_refused(asked, where):
    told, _ = given(2.0)
    with pytest.raises(Invalid) as refusal:
        check_offer(told, asked)
    assert refusal.value.where == where


@pytest.fixture
def company(tmp_path, db):
    return build(tmp_path)


def test_the_book_says_the_same_as_the_plan(company, alice):
    book = reads.get_prices(operation="warehouse", by=alice, at=AT)
    assert book.plan_id == company.plan_id
    weeks = {(row.pool, row.week_on): row for row in reads.list_pool_weeks(company.plan_id, by=alice)}
    assert len(book.pools) == len(weeks) > 0
    for row in book.pools:
        plan = weeks[row.pool, row.week_on]
        assert (row.one_more_unit_worth, row.one_less_unit_cost) == (plan.one_more_unit_worth, plan.one_less_unit_cost)
        assert float(row.price_per_hour) == pytest.approx(float(plan.price_per_hour), abs=0.01)
    assert {row.account_number for row in book.kept_back} == {"ACME", FOREIGN}
    for kept in book.kept_back:
        assert kept.spread_hours > 0.0
        assert kept.protected_hours is not None
        assert kept.sentence.startswith("An hour short costs EUR")
    with pytest.raises(Invalid):
        reads.get_prices(operation="warehouse", week_on=MONDAY - timedelta(days=7), by=alice, at=AT)
    with pytest.raises(NotFound):
        reads.get_prices(operation="nothing", by=alice, at=AT)


def test_an_offer_by_the_door_costs_what_the_book_says(company, alice):
    book = reads.get_prices(company.plan_id, by=alice, at=AT)
    answer = cost_offer(OfferAsked("pickers", units=0.5, weeks=1), plan_id=company.plan_id, by=alice, at=AT)
    assert answer.price_in_all == answer.weeks[0].price
    assert answer.weeks[0].hours_held == pytest.approx(book.pools[0].unit_hours / 2)
    assert answer.others == len(answer.sufferers) > 0
    assert answer.sentences[1].startswith("It can be held, but")


def test_who_may_not_read_prices_or_totals_learns_neither(company, bob, gina):
    book = reads.get_prices(company.plan_id, by=bob, at=AT)
    assert book.pools == () or all(row.price_per_hour is None and row.sentence is None for row in book.pools)
    assert {row.account_number for row in book.kept_back} <= {"ACME"}
    assert (book.idle_cost_per_week, book.margin_per_week) == (None, None)
    assert FOREIGN not in repr(book)
    if not book.pools:
        assert book.withheld_pools == ("Pickers",)
        with pytest.raises(NotFound):
            cost_offer(OfferAsked("pickers", units=1.0), plan_id=company.plan_id, by=bob, at=AT)
    with pytest.raises(Denied):
        reads.get_prices(company.plan_id, by=gina, at=AT)


def test_of_a_conflict_no_hours_are_told_where_one_account_may_not_be_named(company, alice, bob):
    conflict = NotHeld("pickers", "Pickers", ("ACME", FOREIGN), ("K-1", "this offer"), MONDAY, 80.0, 36.0)
    told = shown_conflict(conflict, alice)
    assert told.sentence.startswith(f"ACME, {FOREIGN}: 80.0 hours would be guaranteed at Pickers, which has 36.0")
    hidden = shown_conflict(conflict, bob)
    assert (hidden.accounts, hidden.contracts) == (("ACME",), ("this offer",))
    assert (hidden.need_hours, hidden.have_hours) == (None, None)
    assert "80" not in hidden.sentence
    assert FOREIGN not in repr(hidden)


def test_pages_and_api_say_what_the_doors_say(company, client):
    sign_in(client, "alice")
    html = client.get("/prices/").content.decode()
    assert "Add: one more picker saves" in html
    assert "An hour short costs €" in html
    exported = b"".join(client.get("/prices/?format=csv").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(exported)))
    book = client.get(f"/api/v1/prices?plan_id={company.plan_id}").json()
    costs = [Decimal(row["one_less_unit_cost"]) for row in rows]
    assert costs == [Decimal(str(row["one_less_unit_cost"])) for row in book["pools"]]
    asked = {"operation": "warehouse", "pool": "pickers", "units": 0.5}
    told = client.post("/api/v1/prices/offer", json.dumps(asked), content_type="application/json").json()
    page = client.get("/prices/offer/?operation=warehouse&pool=pickers&units=0.5")
    assert page.status_code == 200
    assert f"{float(told['price_in_all']):,.2f}" in page.content.decode()
    assert "Who would get less" in page.content.decode()
    refused = client.get("/prices/offer/?operation=warehouse&pool=pickers&units=")
    assert refused.status_code == 422
    assert "in one way" in refused.content.decode()
    response = "operation=warehouse&pool=pickers&units=&work=40&within=4h&target=90%25&account=ACME"
    assert "on duty at any time" in client.get(f"/prices/offer/?{response}").content.decode()
    case = client.get("/prices/dedicated/?tier=strategic").content.decode()
    assert "A stream of its own" in case
    assert "Pickers" in case
    assert client.get("/prices/dedicated/?tier=gold").status_code == 422
