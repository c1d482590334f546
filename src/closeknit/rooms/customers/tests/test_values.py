"""Histories and values from days of orders. No database."""

import numpy as np
import pytest

from closeknit.rooms.customers.compute.value_rows import inputs_of_rows, row_inputs
from closeknit.rooms.customers.compute.value_words import say_habit, say_spending
from closeknit.rooms.customers.compute.values import observed_until, order_histories, value_accounts
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


def test_an_order_that_was_given_back_whole_is_no_order():
    # 74,215 jars ordered and cancelled within the hour; an order of January cancelled and written anew in April.
    given = days(
        ("A", "EUR", 3, 0.0, True),
        ("B", "EUR", 0, 100.0, True),
        ("B", "EUR", 90, -8.0, True),
        ("C", "EUR", 0, 40.0, True),
        ("C", "EUR", 7, 30.0, True),
        ("C", "EUR", 9, -35.0, False),
    )
    found = order_histories(given, 98)
    assert (found["A"]["given_back"], found["A"]["last_day"], found["A"]["last_year"]) == (1, None, 0.0)
    assert (found["B"]["frequency"], found["B"]["given_back"], found["B"]["last_year"]) == (0.0, 1, 92.0)
    # What was given back beyond the last order was of the one before.
    assert (found["C"]["frequency"], found["C"]["last_day"], found["C"]["last_year"]) == (0.0, 0, 35.0)


def test_each_account_without_a_value_says_which_reason_is_its_own():
    given = days(("A", "EUR", 3, 0.0, True), ("B", "EUR", 98, 5.0, True))
    found = order_histories(given, 98)
    rows = {
        number: row_inputs(found.get(number), None, margin_share=1.0, is_margin_stated=False, renewal_share=0.9)
        for number in ("A", "B", "C")
    }
    got = value_accounts(inputs_of_rows(rows), weeks=52, discount_share=0.1)
    assert got.kind == ("", "", "")
    assert [why.split(",")[0] for why in got.why_not] == [
        "All that it ordered was given back.",
        "It ordered first on the last day that counts",
        "It has no orders and no contract yet that a value could be made of.",
    ]


def test_silence_of_everybody_counts_against_nobody():
    given = days(("A", "EUR", 0, 10.0, True), ("B", "EUR", 28, 20.0, True), ("B", "EUR", 30, -5.0, False))
    assert observed_until(given, 35) == 35
    assert observed_until(given, 36) == 28
    assert observed_until(given, 20) == 0
    assert observed_until(days(("A", "EUR", 40, 10.0, True)), 20) == 20


def crowd(*, leave: bool) -> dict[str, dict[str, object]]:
    """Four hundred who order at rates of their own for 52 weeks; each may leave for good after any order."""
    rng = np.random.default_rng(5)
    rows = {}
    for n in range(400):
        rate, leaves = rng.gamma(2.0, 0.3), rng.beta(1.0, 5.0) if leave else 0.0
        at = [0.0]
        while rng.random() >= leaves and (following := at[-1] + rng.exponential(1.0 / rate)) < 52.0:
            at.append(following)
        history = {
            "currency": "EUR",
            "others": [],
            "last_day": round(at[-1] * 7),
            "frequency": float(len(at) - 1),
            "recency": at[-1],
            "age": 52.0,
            "mean_spend": float(rng.gamma(4.0) * 20.0) if len(at) > 1 else 0.0,
            "spend_days": float(len(at) - 1),
            "last_year": 80.0 * len(at),
            "last_year_sd": 10.0,
            "last_half": 0.0,
            "half_before": 0.0,
        }
        rows[f"N{n:03}"] = row_inputs(history, None, margin_share=1.0, is_margin_stated=False, renewal_share=0.9)
    return rows


def test_a_chance_to_stay_is_stated_only_where_leaving_was_measured():
    leaving = inputs_of_rows(crowd(leave=True))
    measured = value_accounts(leaving, weeks=52, discount_share=0.1)
    assert (measured.models["EUR"]["law"], measured.models["EUR"]["notes"]) == ("mbg-nbd", [])
    ordered_often, quiet = leaving.frequency >= 8, leaving.age - leaving.recency
    assert measured.chance_to_stay[ordered_often & (quiet < 1.0)].min() > 0.9
    assert measured.chance_to_stay[ordered_often & (quiet > 30.0)].max() < 0.1
    nobody_left = value_accounts(inputs_of_rows(crowd(leave=False)), weeks=52, discount_share=0.1)
    assert nobody_left.models["EUR"]["law"] == "nbd"
    assert np.isnan(nobody_left.chance_to_stay).all()
    assert not np.isnan(nobody_left.value).any()
    (note,) = nobody_left.models["EUR"]["notes"]
    assert note.startswith("52 weeks of orders do not tell leaving from pausing")


def test_what_a_value_rests_on_is_said_in_words():
    history = order_histories(
        days(
            ("A", "EUR", 0, 10.0, True),
            ("A", "EUR", 7, 20.0, True),
            ("A", "EUR", 21, 40.0, True),
            ("A", "EUR", 22, -40.0, False),
        ),
        28,
    )["A"]
    row = row_inputs(history, None, margin_share=1.0, is_margin_stated=False, renewal_share=0.9)
    assert say_habit(row) == (
        "Ordered on 2 days in 4 weeks, every 1.0 weeks; the last is 3.0 weeks old (8 Jan 1970). "
        "1 order day was outweighed by returns and counts as none."
    )
    assert say_spending(row, 120.0) == (
        "EUR 30 less returns in the last 4 weeks, 25.0 % of what all accounts ordered; EUR 20 on an order day after "
        "the first."
    )
    nothing = row_inputs(None, None, margin_share=1.0, is_margin_stated=False, renewal_share=0.9)
    assert (say_habit(nothing), say_spending(nothing, 120.0)) == ("", "")


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
