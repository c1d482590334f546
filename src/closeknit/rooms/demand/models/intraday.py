"""The day under way, one row per operation, service and region: the latest only."""

from django.db import models

from closeknit.rooms.demand.models.runs import ForecastRun


class Intraday(models.Model):
    """What came today and what it makes of the rest of the day.

    `expected` and `came` hold the day's half-hours, `level_deviation` and `noise` what past days say of how far days
    and half-hours stray: with them a new batch is taken in without opening the forecast again.
    """

    operation = models.CharField(max_length=80)
    service = models.TextField(blank=True, default="")
    region = models.TextField(blank=True, default="")
    run = models.ForeignKey(ForecastRun, on_delete=models.PROTECT, related_name="+")
    thread_id = models.UUIDField()
    day_on = models.DateField()
    time_zone = models.CharField(max_length=64)
    seen_until_at = models.DateTimeField()
    refreshed_at = models.DateTimeField()
    expected = models.JSONField()
    came = models.JSONField()
    level_deviation = models.FloatField()
    noise = models.FloatField()
    level = models.FloatField()
    own_weight_share = models.FloatField()
    expected_so_far_units = models.FloatField()
    rest_units = models.FloatField()
    rest_low_units = models.FloatField()
    rest_high_units = models.FloatField()

    class Meta:
        db_table = "demand_intraday"
        constraints = [
            models.UniqueConstraint(fields=["operation", "service", "region"], name="one_day_under_way_per_place")
        ]
