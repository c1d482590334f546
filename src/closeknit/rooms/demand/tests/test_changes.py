"""Spike or shift, in numbers and words, and the capacity that a change asks for."""

from datetime import date

import numpy as np
import pytest

from closeknit.rooms.demand.compute.changes import SeriesHistory, classify, lasting_share, respond
from closeknit.rooms.demand.contracts import ChangeKind, ResponseCosts, ResponseKind, ScoreLevel, SeriesName

COSTS = ResponseCosts(
    overtime_per_hour=37.5,
    temp_per_hour=32.5,
    hire_per_hour=25.0,
    temp_once=600.0,
    hire_once=4000.0,
    temp_lead_weeks=1.0,
    hire_lead_weeks=6.0,
    hire_notice_weeks=4.0,
    hours_per_person=32.0,
    minutes_per_unit=10.0,
)
ACME = SeriesName(ScoreLevel.SERIES, "picking", "north", "", "strategic", "ACME")
MONDAY = np.datetime64("2025-01-06", "D")


def weeks_of(mean, seed: int = 1) -> SeriesHistory:
    units = np.random.default_rng(seed).poisson(np.asarray(mean, dtype=float)).astype(float)
    mondays = MONDAY + 7 * np.arange(units.size)
    return SeriesHistory((ACME,), mondays, units[None], np.ones((1, units.size)))


def card_of(mean, seed: int = 1):
    return classify("warehouse", weeks_of(mean, seed), [COSTS])[0]


def test_a_shift_is_permanent_with_its_interval_and_answered_by_hiring():
    card = card_of([600.0] * 52 + [786.0] * 12)
    assert card.kind is ChangeKind.PERMANENT
    assert abs((card.since_on - date(2026, 1, 5)).days) <= 7
    assert card.low_share < 0.31 < card.high_share
    assert card.low_share > 0.2
    assert card.lasting_share > 0.9
    assert card.response.kind is ResponseKind.HIRE
    assert card.response.extra_hours_per_week == pytest.approx((card.units_after - card.units_before) / 6)
    assert card.sentence.startswith(f"Since {card.since_on:%-d %b %Y} +3")
    assert f"hiring pays after {card.response.hiring_from_weeks:,.0f} weeks" in card.sentence
    assert card.chance < 1e-4
    assert card.evidence == "Noise alone would show as much in fewer than 1 of 10,000 such series."


def test_the_interval_covers_the_truth_as_often_as_it_says():
    inside = [card_of([300.0] * 40 + [420.0] * 12, seed) for seed in range(60)]
    shifts = [card for card in inside if card.kind is ChangeKind.PERMANENT]
    assert len(shifts) >= 57
    held = np.mean([card.low_share <= 0.4 <= card.high_share for card in shifts])
    assert held >= 0.85


def test_a_spike_that_ended_asks_for_nothing():
    card = card_of([600.0] * 40 + [1200.0] * 2 + [600.0] * 12)
    assert (card.kind, card.response.kind) == (ChangeKind.TEMPORARY, ResponseKind.NOTHING)
    assert card.until_on is not None
    assert card.lasting_share == 0.0
    assert card.sentence.endswith("it is over.")


def test_what_is_too_recent_is_not_answered_by_hiring_at_once():
    card = card_of([600.0] * 52 + [780.0] * 2)
    assert card.kind is ChangeKind.UNKNOWN
    assert 0.5 < card.lasting_share < 0.8
    assert card.response.kind is not ResponseKind.NOTHING
    assert "too recent to say" in card.sentence


def test_a_fall_and_a_calm_series_ask_for_nothing():
    fall = card_of([600.0] * 52 + [300.0] * 12)
    assert (fall.kind, fall.response.kind) == (ChangeKind.PERMANENT, ResponseKind.NOTHING)
    assert fall.response.sentence == "Fewer hours are needed."
    calm = card_of([600.0] * 64)
    assert (calm.kind, calm.change_share) == (ChangeKind.NONE, 0.0)
    assert (calm.chance, calm.evidence) == (None, "")


def test_an_account_is_not_said_to_have_shifted_because_it_began():
    history = weeks_of([0.0] * 20 + [200.0] * 40)
    units = np.where(np.cumsum(history.units, axis=1) > 0, history.units, np.nan)
    began = SeriesHistory(history.names, history.mondays, units, history.known_factor)
    assert classify("warehouse", began, [COSTS])[0].kind is ChangeKind.NONE


def test_a_week_of_closed_days_is_no_change():
    open_share = np.ones(60)
    open_share[50:52] = 0.4
    units = np.random.default_rng(3).poisson(600.0 * open_share).astype(float)
    history = SeriesHistory((ACME,), MONDAY + 7 * np.arange(60), units[None], open_share[None])
    assert classify("warehouse", history, [COSTS])[0].kind is ChangeKind.NONE
    red_twin = SeriesHistory(history.names, history.mondays, history.units, np.ones((1, 60)))
    assert classify("warehouse", red_twin, [COSTS])[0].kind is not ChangeKind.NONE


def test_it_is_more_likely_to_last_the_longer_it_goes_on():
    shares = [lasting_share(ChangeKind.UNKNOWN, weeks) for weeks in (0, 1, 4, 8, 20)]
    assert shares[0] == 0.5
    assert shares == sorted(shares)
    assert shares[3] == pytest.approx(1 / (1 + np.exp(-8 / 3)))
    assert lasting_share(ChangeKind.TEMPORARY, 20) == 0.0


@pytest.mark.parametrize(("lasting", "kind"), [(0.02, ResponseKind.OVERTIME), (0.99, ResponseKind.HIRE)])
def test_the_answer_is_what_costs_least_on_average(lasting, kind):
    found = respond(ChangeKind.UNKNOWN, 600.0, lasting, COSTS)
    assert found.kind is kind
    cheapest = min(found.overtime_cost, found.temps_cost, found.hire_cost)
    assert cheapest == {"overtime": found.overtime_cost, "hire": found.hire_cost}[kind]
    drawn = np.random.default_rng(5)
    lengths = np.where(drawn.random(200_000) < lasting, 52.0, np.minimum(drawn.exponential(3.0, 200_000), 52.0))
    assert found.overtime_cost == pytest.approx(37.5 * 100.0 * lengths.mean(), rel=0.03)


def test_temps_are_the_answer_where_hiring_is_slow_and_dear():
    dear = ResponseCosts(37.5, 28.0, 25.0, 100.0, 60_000.0, 0.5, 30.0, 12.0, 32.0, 10.0)
    found = respond(ChangeKind.PERMANENT, 600.0, 0.95, dear)
    assert found.kind is ResponseKind.TEMPS
    assert "temps pay after" in found.sentence
