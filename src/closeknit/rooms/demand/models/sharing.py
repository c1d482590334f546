"""Agreements to share forecasts, and the log of every time that numbers left the house."""

from django.db import models
from django.db.models import F, Q

from closeknit.rooms.demand.models.runs import ForecastRun


class SharingAgreement(models.Model):
    """What a partner may have, from which day until which."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField()
    partner = models.CharField(max_length=200)
    operation = models.CharField(max_length=80)
    purpose = models.TextField()
    detail = models.CharField(max_length=20)
    period = models.CharField(max_length=10)
    fields = models.JSONField()
    from_on = models.DateField()
    until_on = models.DateField()
    least_accounts = models.PositiveSmallIntegerField()
    agreed_at = models.DateTimeField()
    agreed_by_key = models.CharField(max_length=80)
    agreed_by_name = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    ended_by_name = models.CharField(max_length=200, default="", blank=True)
    end_reason = models.TextField(default="", blank=True)

    class Meta:
        db_table = "demand_sharing_agreement"
        constraints = [
            models.CheckConstraint(condition=Q(until_on__gt=F("from_on")), name="sharing_has_days"),
            models.CheckConstraint(condition=Q(least_accounts__gte=5), name="sharing_hides_accounts"),
        ]


class SharingAccessRow(models.Model):
    """One export: which numbers (by digest) of which forecast left, under which agreement, by whose hand."""

    agreement = models.ForeignKey(SharingAgreement, on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey(ForecastRun, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by_key = models.CharField(max_length=80)
    by_name = models.CharField(max_length=200)
    way = models.CharField(max_length=10)
    cells = models.PositiveIntegerField()
    withheld = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)

    class Meta:
        db_table = "demand_sharing_access"
        indexes = [models.Index(fields=["agreement", "-at"], name="sharing_newest")]
