"""Forecasts are held against complete weeks, once, and again where data came late."""

from datetime import date

import numpy as np
import pytest

from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import AccuracyBy, ScoreLevel, ScorePeriod, VersionKind
from closeknit.rooms.demand.models import ForecastRun, Score, ScoredRun
from closeknit.rooms.demand.tests.coming import come_in, forecast, score
from closeknit.rooms.org.reads import system_actor


def test_a_complete_week_is_scored_once_and_an_unfinished_one_not(db, tmp_path):
    run_id = forecast(tmp_path)
    assert score() == 0
    come_in(tmp_path, weeks=1)
    made = score()
    assert made == Score.objects.count() > 0
    assert set(Score.objects.filter(period="week").values_list("starts_on", flat=True)) == {date(2026, 3, 2)}
    assert score() == 0
    assert ScoredRun.objects.get(pk=run_id).until_on == date(2026, 3, 9)
    lines = LedgerEntry.objects.filter(kind="forecast.scored")
    assert lines.count() == 1


def test_scores_are_what_the_run_said_and_what_came(db, tmp_path):
    run_id = forecast(tmp_path)
    come_in(tmp_path, factor=1.6, only="ACME")
    score()
    numbers = reads.get_numbers(run_id, by=system_actor())
    panel = numbers.panels[0]
    acme = next(i for i, key in enumerate(panel.keys) if key.account_number == "ACME")
    week = panel.week_on.tolist().index(date(2026, 3, 2))
    row = Score.objects.get(run_id=run_id, account_number="ACME", period="week")
    came = sum(round((90 + day % 7) * 1.6) for day in range(56, 63))
    assert row.actual == came
    assert row.naive == sum(90 + day % 7 for day in range(49, 56))
    assert row.mean == pytest.approx(panel.weekly_mean[acme, week])
    quantiles = panel.weekly_quantiles[:, acme, week]
    miss = came - quantiles
    levels = numbers.quantile_levels
    assert row.pinball == pytest.approx(float(np.mean(np.maximum(levels * miss, (levels - 1) * miss))))
    total = Score.objects.get(run_id=run_id, level="total", period="week")
    series = Score.objects.filter(run_id=run_id, level="series", period="week")
    assert sum(s.actual for s in series) == pytest.approx(total.actual)
    days = Score.objects.filter(run_id=run_id, period="day")
    assert sum(d.actual for d in days) == pytest.approx(total.actual)
    assert days.count() == 7


def test_accuracy_by_group_is_the_sum_of_its_misses(db, tmp_path, alice):
    forecast(tmp_path)
    come_in(tmp_path, weeks=2, factor=1.2)
    score()
    rows = reads.list_accuracy("warehouse", group_by=AccuracyBy.HORIZON, by=alice)
    assert [row.name for row in rows] == ["1 week ahead", "2 weeks ahead"]
    totals = list(Score.objects.filter(level="total", period="week", horizon_weeks=1))
    off = sum(abs(s.actual - s.mean) for s in totals) / sum(s.actual for s in totals)
    assert rows[0].wape_share == pytest.approx(off)
    assert rows[0].bias_share < 0
    assert rows[0].coverage_share == pytest.approx(np.mean([s.low <= s.actual <= s.high for s in totals]))
    assert rows[0].against_naive == pytest.approx(
        sum(abs(s.actual - s.mean) for s in totals) / sum(abs(s.actual - s.naive) for s in totals)
    )
    for group in AccuracyBy:
        found = reads.list_accuracy("warehouse", group_by=group, by=alice)
        assert found, group
        assert all(row.points > 0 for row in found)
    days = reads.list_accuracy("warehouse", group_by=AccuracyBy.OPERATION, period=ScorePeriod.DAY, by=alice)
    assert days[0].points == 14


def test_who_sees_only_some_accounts_gets_only_their_scores(db, tmp_path, bob, dave):
    forecast(tmp_path)
    come_in(tmp_path)
    score()
    mine = reads.list_accuracy("warehouse", group_by=AccuracyBy.ACCOUNT, by=bob)
    assert [row.group for row in mine] == ["ACME"]
    own = Score.objects.get(account_number="ACME", period="week")
    whole = reads.list_accuracy("warehouse", group_by=AccuracyBy.OPERATION, by=bob)
    assert whole[0].units == own.actual
    assert reads.list_accuracy("warehouse", level=ScoreLevel.TOTAL, by=bob) == []
    with pytest.raises(NotFound):
        reads.list_accuracy("warehouse", account_number="QZX7-1", by=bob)
    with pytest.raises(Denied):
        reads.list_accuracy("warehouse", by=dave)


def test_late_data_score_the_week_anew(db, tmp_path):
    forecast(tmp_path)
    come_in(tmp_path)
    score()
    before = Score.objects.get(account_number="ACME", period="week").actual
    from closeknit.rooms.sensing.models import WorkRow

    row = WorkRow.objects.filter(account_number="ACME").latest("occurred_at")
    WorkRow.objects.filter(pk=row.pk).update(quantity=row.quantity + 50)
    assert score() > 0
    assert Score.objects.get(account_number="ACME", period="week").actual == before + 50


def test_a_changed_version_is_compared_on_the_same_weeks(db, tmp_path, alice):
    run_id = forecast(tmp_path)
    come_in(tmp_path, weeks=2, factor=1.1)
    score()
    other = ForecastRun.objects.get(pk=run_id)
    for row in list(Score.objects.filter(run_id=run_id)):
        row.pk, row.code_version = None, "demand/better"
        row.mean = (row.mean + row.actual) / 2
        row.save(force_insert=True)
    found = reads.compare_versions("warehouse", other.code_version, "demand/better", by=alice)
    assert (found.weeks, found.points) == (2, 2)
    assert found.after_wape_share == pytest.approx(found.before_wape_share / 2)
    assert found.high_share < 0
    assert found.sentence.startswith("Better")
    assert found == reads.compare_versions("warehouse", other.code_version, "demand/better", by=alice)
    none = reads.compare_versions("warehouse", "nothing", "demand/better", by=alice)
    assert none.points == 0
    assert "nothing can be said" in none.sentence
    versions = reads.list_score_versions("warehouse", by=alice)
    assert set(versions[VersionKind.CODE]) == {other.code_version, "demand/better"}
    assert versions[VersionKind.DATA][0].startswith("small-company ")
