"""What is known to move a series: closed days, all others of its place, promotions; and rhythms of four weeks."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from closeknit.rooms.demand.compute import Occasion
from closeknit.rooms.demand.compute.accuracy import Came
from closeknit.rooms.demand.compute.change_factors import open_share, promotion_factor
from closeknit.rooms.demand.compute.changes import SeriesHistory, classify, history_of, say_chance
from closeknit.rooms.demand.contracts import ChangeKind, ScoreLevel, SeriesName
from closeknit.rooms.demand.tests.adjusting import make_panel
from closeknit.rooms.demand.tests.test_changes import COSTS
from closeknit.rooms.sensing.contracts import SeriesKey

FIRST_ON = date(2024, 1, 1)
WEEKS = 60


def operation(weekly: np.ndarray, occasions=()) -> SeriesHistory:
    """History of accounts A0, A1 ... in one region, with these mean units by week, spread over five days."""
    means = np.repeat(weekly / 5.0, 7, axis=1) * np.tile([1.0] * 5 + [0.0] * 2, weekly.shape[1])
    names = [f"A{i}" for i in range(weekly.shape[0])]
    keys = tuple(SeriesKey("w", "picking", "north", "", name) for name in names)
    days = np.datetime64(FIRST_ON, "D") + np.arange(means.shape[1])
    came = Came(keys, days, np.random.default_rng(7).poisson(means).astype(float), dict.fromkeys(names, "key"))
    return history_of([make_panel({("picking", "north", "key", n): np.ones(7) for n in names})], came, occasions)


def kinds(history: SeriesHistory) -> dict[str, ChangeKind]:
    cards = classify("w", history, [COSTS] * len(history.names))
    return {c.series.account_number if c.series.level is ScoreLevel.SERIES else "total": c.kind for c in cards}


def test_what_all_do_is_the_totals_change_and_nobodys_own():
    weekly = np.full((12, WEEKS), 60.0)
    weekly[:, 40:42] *= 2.0
    history = operation(weekly)
    found = kinds(history)
    assert found.pop("total") is ChangeKind.TEMPORARY
    assert list(found.values()).count(ChangeKind.NONE) >= 11
    alone = kinds(replace(history, known_factor=np.ones_like(history.known_factor)))
    assert list(alone.values()).count(ChangeKind.NONE) <= 1, "without the others each would have a spike of its own"


def test_one_that_stays_where_all_fall_has_changed():
    weekly = np.full((12, WEEKS), 60.0)
    weekly[1:, 40:] *= 0.5
    assert kinds(operation(weekly))["A0"] is ChangeKind.PERMANENT


def test_few_others_or_one_large_one_say_nothing_about_an_account():
    few = np.full((3, WEEKS), 100.0)
    few[1:, 40:42] *= 2.5
    assert kinds(operation(few))["A0"] is ChangeKind.NONE
    led = np.full((12, WEEKS), 20.0)
    led[1] = 400.0
    led[1, 40:42] *= 2.5
    assert kinds(operation(led))["A0"] is ChangeKind.NONE


def test_who_comes_or_leaves_is_no_movement_of_the_others():
    weekly = np.full((14, WEEKS), 60.0)
    weekly[10:, :30] = 0.0
    found = kinds(operation(weekly))
    assert all(found[f"A{i}"] is ChangeKind.NONE for i in range(10))


def test_a_rhythm_of_four_weeks_hides_no_shift():
    rhythm = np.tile([120.0, 20.0, 20.0, 20.0], 16)
    mean = rhythm * np.where(np.arange(64) < 44, 1.0, 1.5)
    units = np.random.default_rng(5).poisson(np.tile(mean, (20, 1))).astype(float)
    name = SeriesName(ScoreLevel.SERIES, "picking", "north", "", "key", "ACME")
    mondays = np.datetime64(FIRST_ON, "D") + 7 * np.arange(64)

    def shifts(weeks: slice) -> int:
        history = SeriesHistory((name,) * 20, mondays[weeks], units[:, weeks], np.ones_like(units[:, weeks]))
        return [c.kind for c in classify("w", history, [COSTS] * 20)].count(ChangeKind.PERMANENT)

    assert shifts(slice(None)) >= 19
    assert shifts(slice(36, 60)) == 0, "too short a history to know the rhythm by"


def test_a_day_nearly_without_work_was_closed_and_a_collapse_was_not():
    daily = np.tile([100.0] * 5 + [5.0] * 2, 20)
    daily[7 * 8] = 10.0
    daily[7 * 12 : 7 * 13] = 0.0
    daily[7 * 15 : 7 * 16] *= 0.3
    share = open_share(daily)
    assert abs(share[8] - 0.82) < 0.01
    assert share[12] == 0.0
    assert share[15] == 1.0, "a whole week far below its usual is a change, not a holiday"
    assert np.all(np.delete(share, [8, 12]) == 1.0)
    assert np.all(open_share(daily / 50.0) == 1.0), "small places have empty days by chance"


def test_what_promotions_do_is_learned_from_those_that_ran():
    running = np.zeros(WEEKS, dtype=bool)
    for week in (8, 21, 34, 47):
        running[week : week + 2] = True
    units = np.array([np.where(running, 150.0, 100.0), np.full(WEEKS, 100.0), np.full(WEEKS, np.nan)])
    found = promotion_factor(units, np.ones_like(units), np.tile(running, (3, 1)))
    np.testing.assert_allclose(found[0, running], 1.5)
    assert np.all(found[0, ~running] == 1.0)
    assert np.all(found[1:] == 1.0)
    spiked = units.copy()
    spiked[1, 21:23] = 400.0
    assert promotion_factor(spiked, np.ones_like(units), np.tile(running, (3, 1)))[1, 21] < 1.1


def test_promotions_count_where_they_ran():
    weekly = np.full((2, WEEKS), 400.0)
    starts = (8, 21, 34, 47)
    for week in starts:
        weekly[:, week : week + 2] *= 1.5
    ran = [
        Occasion("", "promotion", "", "", "A0", FIRST_ON + timedelta(weeks=w), FIRST_ON + timedelta(weeks=w + 2))
        for w in starts
    ]
    history = operation(weekly, ran)
    row = {name.account_number: n for n, name in enumerate(history.names) if name.level is ScoreLevel.SERIES}
    assert abs(history.known_factor[row["A0"], 8] - 1.5) < 0.1
    assert history.known_factor[row["A0"], 10] == history.known_factor[row["A1"], 8] == 1.0
    assert kinds(history)["A0"] is ChangeKind.NONE


def test_chances_are_said_as_one_of_so_many():
    assert say_chance(0.004) == "Noise alone would show as much in 1 of 250 such series."
    assert say_chance(1e-9) == "Noise alone would show as much in fewer than 1 of 10,000 such series."
    assert say_chance(0.8) == "Noise alone would show as much in most such series."
