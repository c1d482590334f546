"""Who works in a pool, and the rosters made of it. What a roster says is written once; a trigger keeps it."""

from django.db import models
from django.db.models import Q

from closeknit.rooms.capacity.models.plans import Plan, Pool


class StaffMember(models.Model):
    """Somebody who works in a pool. Who is no longer in its newest file stays, inactive: rosters name people."""

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="+")
    person = models.CharField(max_length=80)
    person_key = models.CharField(max_length=80, blank=True, default="")
    person_name = models.CharField(max_length=120)
    skills = models.JSONField(default=list)
    week_minutes = models.PositiveIntegerField()
    shift_starts = models.JSONField(default=list)
    wants = models.JSONField(default=list)
    avoids = models.JSONField(default=list)
    away = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)

    class Meta:
        db_table = "capacity_staff_member"
        constraints = [
            models.UniqueConstraint(fields=["pool", "person"], name="one_staff_member"),
            models.CheckConstraint(
                condition=Q(week_minutes__gt=0) & Q(week_minutes__lte=10080), name="staff_week_minutes_sane"
            ),
        ]


class Roster(models.Model):
    """One roster. `inputs`: all that it was computed from; `told`: what came out. People stand by their numbers."""

    class State(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"
        SUPERSEDED = "superseded"

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    pool = models.CharField(max_length=120)
    pool_name = models.CharField(max_length=200)
    operation = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    first_on = models.DateField()
    weeks = models.PositiveSmallIntegerField()
    inputs = models.BinaryField()
    told = models.JSONField()
    made_at = models.DateTimeField()
    made_by_key = models.CharField(max_length=80)
    made_by_name = models.CharField(max_length=120)
    published_at = models.DateTimeField(null=True)
    published_by_key = models.CharField(max_length=80, blank=True, default="")
    published_by_name = models.CharField(max_length=120, blank=True, default="")
    reason = models.CharField(max_length=1000, blank=True, default="")
    inputs_digest = models.CharField(max_length=64)
    result_digest = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)

    class Meta:
        db_table = "capacity_roster"
        constraints = [
            models.CheckConstraint(condition=Q(weeks__gte=1) & Q(weeks__lte=4), name="roster_weeks_sane"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(published_at__isnull=False), name="roster_published_somewhen"
            ),
            models.UniqueConstraint(
                fields=["pool", "inputs_digest", "code_version"],
                condition=Q(state__in=["draft", "published"]),
                name="one_live_roster_per_inputs",
            ),
        ]
        indexes = [models.Index(fields=["pool", "-made_at"], name="roster_newest")]
