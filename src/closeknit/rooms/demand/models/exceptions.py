"""Forecast exceptions: weeks that came out otherwise than forecast, and what people found."""

from django.db import models
from django.db.models import Q

from closeknit.rooms.demand.models.runs import ForecastRun

ORDERS = {
    "consequence": "consequence",
    "week": "week_on",
    "operation": "operation",
    "account": "account_number",
    "due": "due_at",
}


class ForecastException(models.Model):
    """One series in one week that someone must look at. Closed only with a finding. `owner_key` as of duties."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField()
    operation = models.CharField(max_length=80)
    level = models.CharField(max_length=10)
    service = models.TextField(blank=True)
    region = models.TextField(blank=True)
    work_class = models.TextField(blank=True)
    tier = models.TextField(blank=True)
    account_number = models.TextField(blank=True)
    week_on = models.DateField()
    run = models.ForeignKey(ForecastRun, on_delete=models.PROTECT, related_name="+")
    horizon_weeks = models.PositiveSmallIntegerField()
    causes = models.JSONField()
    mean = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    actual = models.FloatField()
    share_limit = models.FloatField()
    consequence = models.FloatField()
    change = models.JSONField(null=True)
    state = models.CharField(max_length=10, choices=[("open", "open"), ("closed", "closed")], default="open")
    owner_key = models.CharField(max_length=80)
    raised_at = models.DateTimeField()
    due_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True)
    finding = models.CharField(max_length=40, blank=True, default="")
    finding_text = models.TextField(blank=True, default="")
    follow_up = models.CharField(max_length=40, blank=True, default="")
    follow_up_id = models.CharField(max_length=200, blank=True, default="")
    closed_at = models.DateTimeField(null=True)
    closed_by_key = models.CharField(max_length=80, blank=True, default="")
    closed_by_name = models.CharField(max_length=120, blank=True, default="")
    agrees = models.BooleanField(null=True)

    class Meta:
        db_table = "demand_exception"
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "operation",
                    "level",
                    "service",
                    "region",
                    "work_class",
                    "tier",
                    "account_number",
                    "week_on",
                ],
                name="one_exception_per_series_and_week",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None)
                | Q(state="closed", closed_at__isnull=False) & ~Q(finding="") & ~Q(finding_text=""),
                name="forecast_exception_closed_with_finding",
            ),
        ]
        indexes = [
            models.Index(fields=["operation", "state", "-consequence"], name="exception_to_look_at"),
            models.Index(fields=["account_number", "state"], name="exception_of_account"),
            models.Index(fields=["due_at"], condition=Q(state="open", escalated_at=None), name="exception_due"),
            models.Index(fields=["consequence", "id"], condition=Q(state="open"), name="open_exception_by_worth"),
            *(models.Index(fields=[name, "id"], name=f"off_by_{order}") for order, name in ORDERS.items()),
        ]


class ForecastExceptionStep(models.Model):
    """What happened to an exception, in order: raised, assigned, commented, closed, reopened, escalated."""

    id = models.BigAutoField(primary_key=True)
    exception = models.ForeignKey(ForecastException, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()
    by_key = models.CharField(max_length=80)
    by_name = models.CharField(max_length=120)
    text = models.TextField(blank=True)

    class Meta:
        db_table = "demand_exception_step"
