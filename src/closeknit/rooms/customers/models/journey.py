"""Touchpoints as people state them: each version stays, with the time it held."""

from django.db import models
from django.db.models import Q


class Touchpoint(models.Model):
    """One version of one touchpoint. A change ends it and begins another of the same `touchpoint_id`."""

    touchpoint_id = models.UUIDField()
    name = models.CharField(max_length=120)
    stage = models.CharField(max_length=12)
    operation = models.CharField(max_length=80)
    service = models.CharField(max_length=80, blank=True)
    channel = models.CharField(max_length=80, blank=True)
    queue = models.CharField(max_length=120, blank=True)
    owner_key = models.CharField(max_length=60, blank=True)
    answer_within_minutes = models.IntegerField()
    triage = models.CharField(max_length=8)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    set_by = models.CharField(max_length=120)
    thread_id = models.UUIDField()

    class Meta:
        db_table = "customers_touchpoint"
        constraints = [
            models.UniqueConstraint(
                fields=["touchpoint_id"], condition=Q(until_at=None), name="one_touchpoint_in_force"
            ),
            models.UniqueConstraint(
                fields=["operation", "service", "channel"],
                condition=Q(until_at=None),
                name="one_touchpoint_per_way",
            ),
            models.CheckConstraint(condition=Q(answer_within_minutes__gt=0), name="touchpoint_answers_in_time"),
        ]
