"""Histories and values from days of orders. No database."""

import numpy as np
import pytest

from closeknit.rooms.customers.compute.value_rows import inputs_of_rows, row_inputs
from closeknit.rooms.customers.compute.values import order_histories, value_accounts
from closeknit.rooms.sensing.contracts import PurchaseDays


def days(*rows: tuple[str, str, int, float, bool]) -> PurchaseDays:
    number, currency, day, net, has_order = zip(*rows, strict=True)
    return PurchaseDays(number, currency, np.array(day), np.array(net), np.array(has_order))


def test_orders_of_a_merged_number_count_with_its_golden_number_and_one_day_is_one_order():
    given = days(
        ("A", "EUR", 0, 10.0, True),
        ("A", "EUR", 7, 20.0, True),
        ("B", "EUR", 7, 5.0, True),
        ("B", "EUR", 21, 30.0, True),
    )
    apart = order_histories(given, 28)
    assert (apart["A"]["frequency"], apart["B"]["frequency"]) == (1.0, 1.0)
    together = order_histories(given, 28, {"B": "A"})
    assert set(together) == {"A"}
    assert (together["A"]["frequency"], together["A"]["recency"], together["A"]["age"]) == (2.0, 3.0, 4.0)
    assert together["A"]["mean_spend"] == pytest.approx((25.0 + 30.0) / 2)


def test_a_return_lowers_the_order_before_it_and_one_before_any_order_is_left_out():
    given = days(
        ("A", "EUR", 0, -50.0, False),
        ("A", "EUR", 1, 10.0, True),
        ("A", "EUR", 8, 20.0, True),
        ("A", "EUR", 9, -5.0, False),
    )
    found = order_histories(given, 28)["A"]
    assert (found["frequency"], found["mean_spend"], found["last_year"]) == (1.0, 15.0, 25.0)


def test_the_currency_with_most_money_counts_and_the_others_are_told():
    given = days(("A", "EUR", 0, 10.0, True), ("A", "USD", 1, 90.0, True), ("A", "USD", 8, 90.0, True))
    found = order_histories(given, 28)["A"]
    assert (found["currency"], found["others"], found["frequency"]) == ("USD", ["EUR"], 1.0)


def test_what_happens_after_the_day_is_not_known_yet():
    given = days(("A", "EUR", 0, 10.0, True), ("A", "EUR", 30, 20.0, True), ("B", "EUR", 30, 20.0, True))
    found = order_histories(given, 28)
    assert set(found) == {"A"}
    assert found["A"]["frequency"] == 0.0


def contracts(left: int, staying: int) -> dict[str, dict[str, object]]:
    history = {
        "currency": "EUR",
        "others": [],
        "last_day": 1,
        "frequency": 9.0,
        "recency": 9.0,
        "age": 10.0,
        "mean_spend": 10.0,
        "spend_days": 9.0,
        "last_year": 1000.0,
        "last_year_sd": 100.0,
        "last_half": 500.0,
        "half_before": 500.0,
    }
    rows = {}
    for n in range(left + staying):
        # Many leave at once, few later: so the weak are told from the strong.
        age = (0.5, 0.5, 0.5, 0.5, 1.5, 0.5, 1.5, 2.5)[n % 8] if n < left else 1.5 + n % 4
        contract = {"contract_years": age, "has_left": n < left}
        rows[f"C{n:03}"] = row_inputs(history, contract, margin_share=0.5, is_margin_stated=True, renewal_share=0.8)
    return rows


def test_stay_is_stated_until_enough_have_left_and_then_measured():
    stated = value_accounts(inputs_of_rows(contracts(2, 40)), weeks=156, discount_share=0.1)
    assert stated.models["contracts"]["law"] == "stated renewal"
    assert stated.chance_to_stay[-1] == pytest.approx(0.8)
    measured = value_accounts(inputs_of_rows(contracts(20, 40)), weeks=156, discount_share=0.1)
    assert measured.models["contracts"]["law"] == "shifted beta-geometric"
    stays = {1.5 + n % 4: measured.chance_to_stay[n] for n in range(20, 60)}
    # Who has stayed longer is likelier to stay.
    assert stays[1.5] < stays[2.5] < stays[3.5] < stays[4.5]
    assert measured.low[-1] < measured.value[-1] < measured.high[-1]
