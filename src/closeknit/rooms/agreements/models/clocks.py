"""What happened to work after it came, of which clocks people were warned, and which promises broke."""

from django.db import models
from django.db.models import Q

from closeknit.rooms.agreements.contracts.clocks import WorkEventKind


class WorkEvent(models.Model):
    """Something that happened to one piece of work. It is never edited: what was wrong is followed by what is right."""

    thread_id = models.UUIDField()
    operation = models.CharField(max_length=80)
    work_key = models.TextField()
    account_number = models.TextField(blank=True, default="")
    kind = models.CharField(max_length=20)
    reason = models.CharField(max_length=120, blank=True, default="")
    work_class = models.CharField(max_length=80, blank=True, default="")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by_key = models.CharField(max_length=80)

    class Meta:
        db_table = "agreements_work_event"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in WorkEventKind]), name="work_event_kind_known"
            ),
            models.CheckConstraint(condition=~Q(kind="held") | ~Q(reason=""), name="hold_has_a_reason"),
        ]
        indexes = [models.Index(fields=["operation", "work_key", "at"], name="work_event_by_work")]


class ClockWarning(models.Model):
    """People were told that a clock runs out: once for each promise about a piece of work."""

    operation = models.CharField(max_length=80)
    work_key = models.TextField()
    measure = models.CharField(max_length=20)
    term_number = models.TextField()
    account_number = models.TextField(blank=True, default="")
    due_at = models.DateTimeField()
    warned_at = models.DateTimeField()

    class Meta:
        db_table = "agreements_clock_warning"
        constraints = [
            models.UniqueConstraint(fields=["operation", "work_key", "measure"], name="one_warning_per_clock")
        ]


class ClockBreach(models.Model):
    """A promise about a piece of work that broke while it was watched: noted in the ledger once."""

    operation = models.CharField(max_length=80)
    work_key = models.TextField()
    measure = models.CharField(max_length=20)
    term_number = models.TextField()
    account_number = models.TextField(blank=True, default="")
    breached_at = models.DateTimeField()
    noted_at = models.DateTimeField()
    thread_id = models.UUIDField()

    class Meta:
        db_table = "agreements_clock_breach"
        constraints = [
            models.UniqueConstraint(fields=["operation", "work_key", "measure"], name="one_breach_per_clock")
        ]
        indexes = [models.Index(fields=["account_number", "breached_at"], name="breach_by_account")]


class ClockDay(models.Model):
    """The thread of what clocks of one account did on one day, in UTC: one for all of its warnings and breaches."""

    account_number = models.TextField(blank=True, default="")
    day = models.DateField()
    thread_id = models.UUIDField()

    class Meta:
        db_table = "agreements_clock_day"
        constraints = [models.UniqueConstraint(fields=["account_number", "day"], name="one_clock_thread_per_day")]
