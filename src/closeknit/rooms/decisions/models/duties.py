"""Duties and their due dates."""

from django.db import models
from django.db.models import Q


class Duty(models.Model):
    """A recurring duty. `owner_key` is "person:12" or "role:executive"; `generated_through` the last day looked at."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=120)
    about = models.TextField(blank=True, default="")
    owner_key = models.CharField(max_length=80)
    template = models.CharField(max_length=60, blank=True, default="")
    rule = models.JSONField()
    evidence = models.JSONField(default=list)
    statement = models.TextField()
    starts_on = models.DateField()
    generated_through = models.DateField()
    created_at = models.DateTimeField()
    created_by_name = models.CharField(max_length=120)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.TextField(blank=True, default="")
    thread_id = models.UUIDField()

    class Meta:
        db_table = "decisions_duty"
        constraints = [
            models.UniqueConstraint(
                fields=["template", "owner_key"],
                name="one_duty_per_template_and_owner",
                condition=Q(ended_at=None) & ~Q(template=""),
            )
        ]


class DutyOccurrence(models.Model):
    """One due date of a duty. Evidence (canonical bytes) is attached once; a signature is put under it once."""

    id = models.UUIDField(primary_key=True)
    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="+")
    owner_key = models.CharField(max_length=80)
    due_on = models.DateField()
    due_at = models.DateTimeField()
    since_at = models.DateTimeField()
    sign_by_at = models.DateTimeField()
    thread_id = models.UUIDField()
    evidence = models.BinaryField(null=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True, default="")
    gathered_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    signed_by_key = models.CharField(max_length=80, blank=True, default="")
    signed_by_name = models.CharField(max_length=120, blank=True, default="")
    signed_for_key = models.CharField(max_length=80, blank=True, default="")
    signed_for_name = models.CharField(max_length=120, blank=True, default="")
    remark = models.TextField(blank=True, default="")

    class Meta:
        db_table = "decisions_duty_occurrence"
        constraints = [models.UniqueConstraint(fields=["duty", "due_on"], name="one_occurrence_per_due_date")]
        indexes = [
            models.Index(fields=["sign_by_at"], name="duty_open", condition=Q(signed_at=None)),
            models.Index(fields=["-due_on"], name="duty_by_due_date"),
        ]
