"""Backtests that were asked for, and the run of each of their origins."""

from django.db import models

from closeknit.rooms.demand.models.runs import ForecastRun


class Backtest(models.Model):
    """One question how good forecasts would have been; its id is its thread's."""

    id = models.UUIDField(primary_key=True)
    operation = models.CharField(max_length=80)
    weeks = models.PositiveSmallIntegerField()
    every_weeks = models.PositiveSmallIntegerField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "demand_backtest"
        indexes = [models.Index(fields=["operation", "-asked_at"], name="backtest_newest")]


class BacktestRun(models.Model):
    """One origin of a backtest: the first day forecast, and the run, or why there is none."""

    backtest = models.ForeignKey(Backtest, on_delete=models.CASCADE, related_name="+")
    first_on = models.DateField()
    run = models.ForeignKey(ForecastRun, on_delete=models.CASCADE, null=True, related_name="+")
    failure = models.TextField(default="", blank=True)

    class Meta:
        db_table = "demand_backtest_run"
        constraints = [models.UniqueConstraint(fields=["backtest", "first_on"], name="one_run_per_origin")]
