"""Win chances recovered from simulated pipelines with censoring and truncation; probable demand by hand."""

import os
from pathlib import Path

import numpy as np
import pytest

from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting import fit_close_hazards, probable_demand, win_chance

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("CLOSEKNIT_SHARED", ROOT.parent / "shared")) / "data"
PIPELINE = DATA / "crm_and_text/b2b_sales_pipeline.parquet"
EDGES = np.array([0.0, 30.0, 90.0])
WON = np.array([[0.004, 0.010, 0.002], [0.012, 0.020, 0.001]])
LOST = np.array([[0.010, 0.004, 0.006], [0.004, 0.004, 0.010]])


def simulated(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stage, age at closing and whether won, of opportunities that are all followed to their end."""
    stage = rng.integers(0, 2, count)
    age, outcome, still = np.full(count, np.nan), np.zeros(count, dtype=int), np.ones(count, dtype=bool)
    for b, start in enumerate(EDGES):
        win, lose = WON[stage, b], LOST[stage, b]
        wait = rng.exponential(1.0 / (win + lose))
        stop = EDGES[b + 1] - start if b + 1 < EDGES.size else np.inf
        ends = still & (wait < stop)
        age[ends] = start + wait[ends]
        outcome[ends] = np.where(rng.random(count) < win / (win + lose), 1, 2)[ends]
        still &= ~ends
    return stage, age, outcome


def watched(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """The same as a company sees them: known of late, or open still."""
    stage, age, outcome = simulated(rng, count)
    since = np.where(rng.random(count) < 0.4, rng.uniform(0.0, 60.0, count), 0.0)
    until = since + rng.uniform(5.0, 200.0, count)
    seen = age > since
    closed = age <= until
    return {
        "stage": stage[seen],
        "from_days": since[seen],
        "to_days": np.where(closed, age, until)[seen],
        "outcome": np.where(closed, outcome, 0)[seen],
    }


def test_rates_are_recovered_from_late_and_unfinished_records() -> None:
    known = fit_close_hazards(**watched(np.random.default_rng(1), 60_000), n_stages=2, ages_from_days=EDGES)
    np.testing.assert_allclose(known.won_per_day, WON, rtol=0.1, atol=2e-4)
    np.testing.assert_allclose(known.lost_per_day, LOST, rtol=0.1, atol=2e-4)


def test_leaving_out_the_open_ones_would_be_wrong() -> None:
    rows = watched(np.random.default_rng(1), 60_000)
    only_closed = {name: values[rows["outcome"] > 0] for name, values in rows.items()}
    known = fit_close_hazards(**only_closed, n_stages=2, ages_from_days=EDGES)
    assert (known.won_per_day[:, :2] > 1.2 * WON[:, :2]).all()


def test_chances_are_those_of_the_simulated_world() -> None:
    stage, age, outcome = simulated(np.random.default_rng(2), 400_000)
    known = fit_close_hazards(stage, np.zeros(stage.size), age, outcome, 2, 0.5, EDGES)
    for place, now, weeks in ((0, 0.0, 4), (0, 20.0, 10), (1, 50.0, 26), (1, 100.0, 8)):
        mine = (stage == place) & (age > now)
        within = mine & (age <= now + 7.0 * weeks)
        got = win_chance(known, [place], [now], weeks)
        assert got.won_share[0] == pytest.approx((outcome[within] == 1).sum() / mine.sum(), abs=0.006)
        assert got.lost_share[0] == pytest.approx((outcome[within] == 2).sum() / mine.sum(), abs=0.006)
        assert got.won_share + got.lost_share + got.open_share == pytest.approx(1.0)
        assert (np.diff(got.won_by_week) >= 0.0).all()


def test_a_stage_without_a_record_goes_by_all_stages_and_one_with_much_by_its_own() -> None:
    rows = watched(np.random.default_rng(3), 20_000)
    known = fit_close_hazards(**rows, n_stages=3, ages_from_days=EDGES)
    assert known.won_count[2].sum() == 0
    lower, upper = np.minimum(*WON), np.maximum(*WON)
    assert ((known.won_per_day[2] > 0.9 * lower) & (known.won_per_day[2] < 1.1 * upper)).all()


def test_an_age_beyond_the_record_goes_on_as_the_oldest_and_far_ages_stay_sound() -> None:
    known = fit_close_hazards([0, 0, 0], [0.0] * 3, [5.0, 9.0, 20.0], [1, 2, 0], 1)
    got = win_chance(known, [0, 0], [30.0, 20_000.0], 52)
    assert got.won_share[1] == pytest.approx(got.won_share[0], rel=1e-6)
    assert np.isfinite(got.won_by_week).all()


def test_what_says_nothing_is_refused() -> None:
    with pytest.raises(EngineInputError, match="no closing"):
        fit_close_hazards([0], [0.0], [9.0], [0], 1)
    with pytest.raises(EngineInputError, match="at least from_days"):
        fit_close_hazards([0], [10.0], [9.0], [1], 1)
    with pytest.raises(EngineInputError, match="begin at 0"):
        fit_close_hazards([0], [0.0], [9.0], [1], 1, ages_from_days=[5.0])
    with pytest.raises(EngineInputError, match="never fall"):
        probable_demand([[0.5, 0.4]], [1.0], [0], [0], [2], [0], 1, [0.5], np.random.default_rng(1))


def test_expected_work_by_hand_and_quantiles_by_counting() -> None:
    chance = np.array([[0.2, 0.5, 0.6, 0.6], [1.0, 1.0, 1.0, 1.0]])
    got = probable_demand(
        chance, [10.0, 3.0], [1, 0], [0, 1], [9, 3], [0, 0], 2, [0.1, 0.5, 0.9], np.random.default_rng(1), 20_000
    )
    np.testing.assert_allclose(got.mean[0], [0.0, 2.0 + 3.0, 5.0 + 3.0, 6.0])
    np.testing.assert_array_equal(got.mean[1], 0.0)
    # Week 2: the first works in half of the runs, the second in all.
    assert got.quantiles[:, 0, 2].tolist() in ([3.0, 3.0, 13.0], [3.0, 13.0, 13.0])
    assert got.quantiles[:, 0, 3].tolist() == [0.0, 10.0, 10.0]


def test_many_small_ones_are_surer_than_one_large_one() -> None:
    rng = np.random.default_rng(5)
    many = probable_demand(
        np.full((100, 2), 0.3), np.full(100, 1.0), [0] * 100, [0] * 100, [9] * 100, [0] * 100, 1, [0.1, 0.9], rng
    )
    one = probable_demand([[0.3, 0.3]], [100.0], [0], [0], [9], [0], 1, [0.1, 0.9], rng)
    assert many.mean[0, 0] == pytest.approx(30.0)
    assert many.quantiles[1, 0, 0] - many.quantiles[0, 0, 0] < 15.0
    assert one.quantiles[:, 0, 0].tolist() == [0.0, 100.0]
    spread = np.sqrt(100 * 0.3 * 0.7) * 2 * 1.2816
    assert many.quantiles[1, 0, 0] - many.quantiles[0, 0, 0] == pytest.approx(spread, abs=2.0)


@pytest.mark.skipif(not PIPELINE.exists(), reason="The shared sales pipeline is not here.")
@pytest.mark.parametrize(("days", "gap"), [(28, 0.05), (56, 0.10)])
def test_held_out_chances_of_a_published_pipeline_are_calibrated_by_deciles(days: int, gap: float) -> None:
    """Closings are on record from March 2017 on only; what the table says of accounts is known only after closing."""
    stated, happened, rate = held_out(days)
    deciles = np.array_split(np.argsort(stated, kind="stable"), 10)
    distance = [abs(stated[rows].mean() - happened[rows].mean()) for rows in deciles]
    assert np.mean(distance) < gap
    brier = ((stated - happened) ** 2).mean()
    # Better than the mean that nobody could know before, and far better than the share won of those closed.
    assert brier < ((happened.mean() - happened) ** 2).mean()
    assert brier < 0.6 * ((rate - happened) ** 2).mean()


def held_out(days: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Chances at the start of seven months, what came of them, and the share won of all closed."""
    table = pytest.importorskip("pyarrow.parquet").read_table(PIPELINE)
    engaged, closed = (table[name].to_numpy().astype("datetime64[D]") for name in ("engage_date", "close_date"))
    won = table["deal_stage"].to_numpy() == "Won"
    known = ~np.isnat(engaged)
    engaged, closed, won = engaged[known], closed[known], won[known]
    recorded = (np.datetime64("2017-03-01") - engaged).astype(int).clip(0).astype(float)
    stated, happened = [], []
    for cut in np.arange("2017-06", "2018-01", dtype="datetime64[M]").astype("datetime64[D]"):
        if cut + days > np.datetime64("2018-01-01"):
            continue
        past = engaged < cut
        over = past & (closed < cut)
        until = (np.where(over, closed, cut) - engaged).astype(int).astype(float)
        used = past & (until >= recorded)
        outcome = np.where(over & won, 1, np.where(over, 2, 0))
        known_rates = fit_close_hazards(np.zeros(used.sum(), int), recorded[used], until[used], outcome[used], 1)
        now = past & ~over
        chance = win_chance(known_rates, np.zeros(now.sum(), int), until[now], days // 7)
        stated.append(chance.won_share)
        happened.append(won[now] & (closed[now] < cut + days))
    return np.concatenate(stated), np.concatenate(happened).astype(float), float(won.sum() / (~np.isnat(closed)).sum())
