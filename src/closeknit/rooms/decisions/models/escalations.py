"""Escalations, their paths, and on-duty calendars. People stand here by key; names are looked up when shown."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class EscalationPathRow(models.Model):
    """One version of a path. Versions are only added; the highest is in force, and the shipped one is version 0."""

    path = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    body = models.JSONField()
    adopted_by_key = models.CharField(max_length=80)
    adopted_at = models.DateTimeField(db_default=Now())
    reason = models.TextField()

    class Meta:
        db_table = "decisions_escalation_path"
        constraints = [models.UniqueConstraint(fields=["path", "version"], name="escalation_path_version")]


class Escalation(models.Model):
    """Something that must not be overlooked. One per cause is open at most; times are the database's.

    `body` is the path as it was when this began: a changed path counts for what is raised after. `asked_keys` are asked
    now; `handed_back_keys` gave it back on this level and are not asked again on it.
    """

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        CLOSED = "closed"

    id = models.UUIDField(primary_key=True)
    path = models.CharField(max_length=40)
    path_version = models.PositiveIntegerField()
    body = models.JSONField()
    cause = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    summary = models.TextField()
    account_number = models.CharField(max_length=80, blank=True, default="")
    thread_id = models.UUIDField(db_index=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    level = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    asked_keys = models.JSONField(default=list)
    handed_back_keys = models.JSONField(default=list)
    holder_key = models.CharField(max_length=80, blank=True, default="")
    raised_at = models.DateTimeField()
    next_level_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, default="")

    class Meta:
        db_table = "decisions_escalation"
        constraints = [
            models.UniqueConstraint(
                fields=["cause"], condition=~Q(state="closed"), name="one_open_escalation_per_cause"
            ),
            models.CheckConstraint(
                condition=Q(state="closed", next_level_at=None, closed_at__isnull=False)
                | (~Q(state="closed") & Q(next_level_at__isnull=False, closed_at=None)),
                name="open_escalation_has_a_timer",
            ),
        ]
        indexes = [
            models.Index(fields=["next_level_at"], name="escalation_due", condition=~Q(state="closed")),
            models.Index(fields=["-raised_at"], name="escalation_newest"),
            models.Index(fields=["account_number"], name="escalation_by_account"),
        ]


class EscalationStepRow(models.Model):
    """One step of an escalation, numbered without gaps: two processes cannot take the same step."""

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    level = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    actor_key = models.CharField(max_length=80)
    for_key = models.CharField(max_length=80, blank=True, default="")
    asked_keys = models.JSONField(default=list)
    reason = models.TextField(blank=True, default="")

    class Meta:
        db_table = "decisions_escalation_step"
        constraints = [models.UniqueConstraint(fields=["escalation", "number"], name="escalation_step_once")]


class DutyCalendar(models.Model):
    """A rota of people on duty, on the wall clock of one time zone."""

    calendar = models.CharField(max_length=40, primary_key=True)
    title = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=60)

    class Meta:
        db_table = "decisions_duty_calendar"


class DutyShiftRow(models.Model):
    """A weekly shift of one person (0 is Monday). Ended by `until_on`, never changed."""

    id = models.UUIDField(primary_key=True)
    calendar = models.ForeignKey(DutyCalendar, on_delete=models.PROTECT, related_name="+")
    person_key = models.CharField(max_length=80)
    weekday = models.PositiveSmallIntegerField()
    starts_local = models.TimeField()
    ends_local = models.TimeField()
    from_on = models.DateField()
    until_on = models.DateField(null=True)

    class Meta:
        db_table = "decisions_duty_shift"
        indexes = [models.Index(fields=["calendar", "weekday"], name="duty_shift_by_day")]


class DutySwapRow(models.Model):
    """Someone takes over for a time."""

    id = models.UUIDField(primary_key=True)
    calendar = models.ForeignKey(DutyCalendar, on_delete=models.PROTECT, related_name="+")
    person_key = models.CharField(max_length=80)
    replaces_key = models.CharField(max_length=80, blank=True, default="")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.TextField(blank=True, default="")

    class Meta:
        db_table = "decisions_duty_swap"
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="duty_swap_has_length")
        ]
        indexes = [models.Index(fields=["calendar", "ends_at"], name="duty_swap_by_end")]
