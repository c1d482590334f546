"""Parameters from real contact-centre data: a bank's calls are far from Poisson, and a plan that knows it holds."""

import os
from pathlib import Path

import numpy as np
import pytest

from closeknit.engine.queueing import (
    arrival_dispersion,
    fit_gamma_mixed_rate,
    fit_handle_times,
    fit_patience_from_totals,
    queue_performance,
    required_agents_uncertain_rate,
)

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("CLOSEKNIT_SHARED", ROOT.parent / "shared")) / "data" / "contact_center"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="real data not found: set CLOSEKNIT_SHARED to the folder above it"),
]
HANDLE_MINUTES, THRESHOLD_MINUTES, PATIENCE_MINUTES, TARGET = 4.0, 1 / 3, 4.0, 0.8


def column(file, name):
    parquet = pytest.importorskip("pyarrow.parquet")
    return parquet.read_table(FOLDER / file, columns=[name])[name].to_numpy(zero_copy_only=False)


@pytest.fixture(scope="module")
def half_hours():
    """(days, half-hours) of calls, and the weekday: whole weekdays from 07:00; the last five minutes are left out."""
    calls = column("bank_calls_5min.parquet", "calls").reshape(135, 169)
    day = column("bank_calls_5min.parquet", "interval_start")[::169].astype("datetime64[D]").astype(np.int64)
    return calls[:, :168].reshape(135, 28, 6).sum(axis=2), (day + 3) % 7


def test_a_banks_calls_are_over_dispersed_by_day_above_all(half_hours):
    calls, weekday = half_hours
    assert set(weekday) == {0, 1, 2, 3, 4}
    spread = arrival_dispersion(calls, weekday)
    assert spread.p_value < 1e-12
    assert spread.between_day_p_value < 1e-12
    assert spread.dispersion_index > 5.0
    assert spread.between_day_cv > spread.within_day_cv > 0.02
    assert 0.06 < spread.rate_cv < 0.1
    # Each half-hour of Mondays on its own says so too.
    fits = fit_gamma_mixed_rate(calls[weekday == 0].T)
    assert (fits.poisson_p_value < 1e-4).all()
    assert 0.04 < np.median(fits.rate_cv) < 0.11


def test_a_plan_for_the_mean_misses_on_later_days_and_the_corrected_plan_keeps_its_target(half_hours):
    calls, weekday = half_hours
    early, late = slice(0, 90), slice(90, 135)
    mean = np.stack([calls[early][weekday[early] == day].mean(axis=0) for day in range(5)])
    # The level of the season is taken as known: what is tested is the spread about it.
    level = calls[late].sum() / mean[weekday[late]].sum()
    mean = mean * level
    spread = arrival_dispersion(calls[early], weekday[early])
    need = required_agents_uncertain_rate(
        mean * 2.0, spread.rate_cv, HANDLE_MINUTES, THRESHOLD_MINUTES, TARGET, PATIENCE_MINUTES
    )

    def reached(agents):
        got = queue_performance(
            agents[weekday[late]],
            calls[late] * 2.0,
            HANDLE_MINUTES,
            THRESHOLD_MINUTES,
            patience_minutes=PATIENCE_MINUTES,
        )
        return float((got.level_of_offered_share * calls[late]).sum() / calls[late].sum())

    assert reached(need.mean_rate_agents) < TARGET - 0.05
    assert reached(need.agents) >= TARGET - 0.02
    assert need.agents.sum() < 1.08 * need.mean_rate_agents.sum()


def test_which_wait_a_report_means_changes_the_patience_tenfold():
    abandoned = column("daily_kpi.parquet", "abandoned_calls").sum()
    incoming, answered = (column("daily_kpi.parquet", name) for name in ("incoming_calls", "answered_calls"))
    assert (abandoned, incoming.sum()) == (24_659, 197_230)
    by_speed = (answered * column("daily_kpi.parquet", "answer_speed_avg_s")).sum() / 60.0
    by_waiting = (incoming * column("daily_kpi.parquet", "waiting_time_avg_s")).sum() / 60.0
    short = float(fit_patience_from_totals(abandoned, by_speed).mean_patience_minutes)
    long = float(fit_patience_from_totals(abandoned, by_waiting).mean_patience_minutes)
    assert 3.0 < short < 5.0
    assert long > 10.0 * short


def test_made_up_handle_times_are_seen_to_follow_no_law():
    seconds = column("simulated_agent_calls_pwc.parquet", "talk_duration_s").astype(float)
    minutes = seconds[np.isfinite(seconds) & (seconds > 0.0)] / 60.0
    fit = fit_handle_times(minutes, rng=np.random.default_rng(1), bootstrap_samples=19)
    assert fit.mean_minutes * 60.0 == pytest.approx(224.9, abs=0.1)
    # They were drawn evenly between half a minute and seven.
    assert fit.squared_cv == pytest.approx((6.5**2 / 12.0) / 3.75**2, rel=0.05)
    assert fit.best.fit_p_value <= 0.05
    assert "seldom" in fit.advice
