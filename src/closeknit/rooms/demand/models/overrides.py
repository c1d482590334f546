"""Overrides of forecasts by people, and what each of their weeks was worth."""

from django.db import models
from django.db.models import Q

from closeknit.rooms.demand.contracts.overrides import OverrideReason, OverrideState
from closeknit.rooms.demand.models.placed import PlacedRow


class Override(PlacedRow):
    """A change to the forecasts of a place; "" in a part of the place means any. Leaves `standing` once.

    `units_change` is what it changed over the horizon of the run that stood when it was made.
    """

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    operation = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)
    size = models.FloatField()
    from_on = models.DateField()
    to_on = models.DateField()
    expires_on = models.DateField()
    reason_kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in OverrideReason])
    reason = models.TextField()
    source = models.CharField(max_length=120, blank=True, default="")
    state = models.CharField(
        max_length=10,
        choices=[(state.value, state.value) for state in OverrideState],
        default=OverrideState.STANDING.value,
    )
    units_change = models.FloatField(null=True)
    author_key = models.CharField(max_length=80)
    author_name = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by_key = models.CharField(max_length=80, blank=True, default="")
    ended_by_name = models.CharField(max_length=120, blank=True, default="")
    end_reason = models.TextField(blank=True, default="")

    class Meta:
        db_table = "demand_override"
        constraints = [
            models.CheckConstraint(condition=Q(to_on__gt=models.F("from_on")), name="override_window_has_days"),
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_a_reason"),
            models.CheckConstraint(
                condition=Q(state="standing", ended_at=None) | Q(~Q(state="standing"), ended_at__isnull=False),
                name="override_ends_once",
            ),
        ]
        indexes = [
            models.Index(fields=["operation", "state", "from_on"], name="override_standing"),
            models.Index(fields=["account_number", "-made_at"], name="override_of_account"),
        ]


class OverrideWeek(models.Model):
    """One passed week of an override: units before and after it in the last forecast before the week, and what came.

    Only days inside its window count.
    """

    override = models.ForeignKey(Override, on_delete=models.PROTECT, related_name="+")
    account_number = models.TextField(blank=True, default="")
    week_on = models.DateField()
    run = models.ForeignKey("demand.ForecastRun", on_delete=models.PROTECT, related_name="+")
    units_before = models.FloatField()
    units_after = models.FloatField()
    units_actual = models.FloatField()
    measured_at = models.DateTimeField()

    class Meta:
        db_table = "demand_override_week"
        constraints = [models.UniqueConstraint(fields=["override", "week_on"], name="one_worth_per_override_and_week")]
