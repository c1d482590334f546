"""Shortages and the staff moved to end them. No account is named here: who is short is read from the plan."""

from django.db import models
from django.db.models import Q

from closeknit.rooms.capacity.models.plans import Plan

STATES = ["open", "proposed", "in force", "turned down", "recovered", "not recovered"]


class ShortageRow(models.Model):
    """One shortage of one plan, with what its remedy comes to."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    operation = models.CharField(max_length=80)
    state = models.CharField(max_length=20, default="open")
    opened_at = models.DateTimeField()
    opened_by_key = models.CharField(max_length=80)
    opened_by_name = models.CharField(max_length=120)
    first_short_on = models.DateField()
    claimants_short = models.PositiveIntegerField()
    short_hours = models.FloatField()
    short_hours_after = models.FloatField()
    recovery_on = models.DateField(null=True)
    recovery_without_on = models.DateField(null=True)
    cost_before = models.DecimalField(max_digits=18, decimal_places=2)
    cost_after = models.DecimalField(max_digits=18, decimal_places=2)
    lender_claimants_short = models.PositiveIntegerField()
    outside = models.JSONField(default=list)
    inputs_digest = models.CharField(max_length=64)
    result_digest = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)
    proposal_id = models.UUIDField(null=True)
    in_force_at = models.DateTimeField(null=True)
    replan_thread_id = models.UUIDField(null=True)
    checked_at = models.DateTimeField(null=True)
    checked_plan_id = models.UUIDField(null=True)

    class Meta:
        db_table = "capacity_shortage"
        constraints = [
            models.UniqueConstraint(
                fields=["plan"], condition=~Q(state="turned down"), name="one_standing_shortage_per_plan"
            ),
            models.CheckConstraint(condition=Q(state__in=STATES), name="shortage_state_known"),
        ]
        indexes = [models.Index(fields=["operation", "-opened_at"], name="shortage_newest")]


class StaffMove(models.Model):
    """Units of a pool that work for another one, or come from outside (`from_pool` ""), until a day (exclusive)."""

    shortage = models.ForeignKey(ShortageRow, on_delete=models.CASCADE, related_name="+")
    from_pool = models.CharField(max_length=120, blank=True, default="")
    to_pool = models.CharField(max_length=120)
    units = models.PositiveIntegerField()
    from_on = models.DateField()
    until_on = models.DateField()
    hours = models.FloatField()
    cost = models.DecimalField(max_digits=18, decimal_places=2)
    in_force_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "capacity_staff_move"
        constraints = [
            models.CheckConstraint(condition=Q(until_on__gt=models.F("from_on")), name="staff_move_ends_later"),
            models.CheckConstraint(condition=Q(units__gt=0) & Q(units__lte=10000), name="staff_move_units_sane"),
            models.CheckConstraint(condition=~Q(from_pool=models.F("to_pool")), name="staff_move_between_two"),
        ]
