"""Assumptions about accounts and segments at peak times."""

from django.db import models
from django.db.models import Q

from closeknit.rooms.demand.contracts.assumptions import AssumptionState
from closeknit.rooms.demand.models.placed import PlacedRow


class Assumption(PlacedRow):
    """What is taken for granted in scenarios of a name, and what became of it. Leaves `open` once."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    operation = models.CharField(max_length=80)
    scenario = models.CharField(max_length=80)
    statement = models.TextField()
    kind = models.CharField(max_length=20)
    size = models.FloatField()
    from_on = models.DateField()
    to_on = models.DateField()
    is_peak = models.BooleanField(default=False)
    state = models.CharField(
        max_length=10,
        choices=[(state.value, state.value) for state in AssumptionState],
        default=AssumptionState.OPEN.value,
    )
    author_key = models.CharField(max_length=80)
    author_name = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    units_forecast = models.FloatField(null=True)
    units_assumed = models.FloatField(null=True)
    units_actual = models.FloatField(null=True)
    tolerance_share = models.FloatField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by_key = models.CharField(max_length=80, blank=True, default="")
    ended_by_name = models.CharField(max_length=120, blank=True, default="")
    verdict = models.TextField(blank=True, default="")

    class Meta:
        db_table = "demand_assumption"
        constraints = [
            models.CheckConstraint(condition=Q(to_on__gt=models.F("from_on")), name="assumption_window_has_days"),
            models.CheckConstraint(
                condition=Q(state="open", ended_at=None) | Q(~Q(state="open"), ended_at__isnull=False),
                name="assumption_ends_once",
            ),
        ]
        indexes = [
            models.Index(fields=["operation", "scenario", "state"], name="assumption_of_scenario"),
            models.Index(fields=["account_number", "-made_at"], name="assumption_of_account"),
        ]
