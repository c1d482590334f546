"""Scores: each forecast of each run against what came, once its week or day is complete."""

from django.db import models

from closeknit.rooms.demand.models.runs import ForecastRun


class Score(models.Model):
    """One forecast number of one run and what came. `pinball` is the mean over the run's quantile levels."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(ForecastRun, on_delete=models.PROTECT, related_name="+", db_index=False)
    operation = models.CharField(max_length=80)
    purpose = models.CharField(max_length=20)
    code_version = models.TextField()
    data_version = models.TextField(blank=True)
    level = models.CharField(max_length=10)
    period = models.CharField(max_length=10)
    service = models.TextField(blank=True)
    region = models.TextField(blank=True)
    work_class = models.TextField(blank=True)
    tier = models.TextField(blank=True)
    account_number = models.TextField(blank=True)
    starts_on = models.DateField()
    horizon_weeks = models.PositiveSmallIntegerField()
    method = models.TextField(blank=True)
    mean = models.FloatField()
    statistical_mean = models.FloatField()
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    pinball = models.FloatField(null=True)
    naive = models.FloatField()
    actual = models.FloatField()

    class Meta:
        db_table = "demand_score"
        indexes = [
            models.Index(fields=["operation", "period", "level", "starts_on"], name="score_of_week"),
            models.Index(fields=["run", "starts_on"], name="score_of_run"),
            models.Index(fields=["account_number", "starts_on"], name="score_of_account"),
        ]


class ScoredRun(models.Model):
    """How far a run has been scored, and on which data: the digest of what came, by week."""

    run = models.OneToOneField(ForecastRun, on_delete=models.PROTECT, primary_key=True, related_name="+")
    until_on = models.DateField()
    week_digests = models.JSONField()
    scored_at = models.DateTimeField()

    class Meta:
        db_table = "demand_scored_run"
