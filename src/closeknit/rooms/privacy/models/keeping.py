"""Holds, requests about one's own data, rules of keeping, the gate's verdicts, erasures."""

from django.db import models
from django.db.models import Q

from closeknit.rooms.privacy.contracts.keeping import RequestKind, RequestState


class RetentionVersion(models.Model):
    """A rule of keeping as somebody adopted it; the shipped ones are in the code. Never edited."""

    data_class = models.CharField(max_length=20)
    jurisdiction = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    least_days = models.PositiveIntegerField()
    most_days = models.PositiveIntegerField(null=True)
    law = models.CharField(max_length=400)
    adopted_at = models.DateTimeField()
    adopted_by_key = models.CharField(max_length=80)
    adopted_by_name = models.CharField(max_length=120)
    reason = models.TextField()

    class Meta:
        db_table = "privacy_retention_version"
        constraints = [
            models.UniqueConstraint(fields=["data_class", "jurisdiction", "version"], name="retention_version_once"),
            models.CheckConstraint(
                condition=Q(most_days=None) | Q(most_days__gte=models.F("least_days")), name="retention_floor_below_end"
            ),
        ]


class LegalHold(models.Model):
    """What must not go while it stands. Subject "": every subject; no classes: every class."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField()
    title = models.CharField(max_length=200)
    reason = models.TextField()
    subject_kind = models.CharField(max_length=20, blank=True, default="")
    subject_ref = models.TextField(blank=True, default="")
    classes = models.JSONField(default=list)
    placed_at = models.DateTimeField()
    placed_by_key = models.CharField(max_length=80)
    placed_by_name = models.CharField(max_length=120)
    review_on = models.DateField()
    released_at = models.DateTimeField(null=True)
    released_by_key = models.CharField(max_length=80, blank=True, default="")
    released_by_name = models.CharField(max_length=120, blank=True, default="")
    release_reason = models.TextField(blank=True, default="")

    class Meta:
        db_table = "privacy_hold"
        indexes = [models.Index(fields=["placed_at"], name="hold_standing", condition=Q(released_at=None))]


class SubjectRequest(models.Model):
    """A request about one's own data. After an erasure the subject stands here as its pseudonym only."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField()
    kind = models.CharField(max_length=20)
    subject_kind = models.CharField(max_length=20)
    subject_ref = models.TextField()
    jurisdiction = models.CharField(max_length=40)
    received_on = models.DateField()
    due_on = models.DateField()
    law = models.CharField(max_length=200)
    extended_until = models.DateField(null=True)
    extension_reason = models.TextField(blank=True, default="")
    verified_by = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=12, default=RequestState.OPEN.value)
    outcome = models.TextField(blank=True, default="")
    recorded_at = models.DateTimeField()
    recorded_by_key = models.CharField(max_length=80)
    recorded_by_name = models.CharField(max_length=120)
    closed_at = models.DateTimeField(null=True)
    closed_by_key = models.CharField(max_length=80, blank=True, default="")
    closed_by_name = models.CharField(max_length=120, blank=True, default="")
    escalated_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "privacy_request"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[str(word) for word in RequestKind])
                & Q(state__in=[str(word) for word in RequestState]),
                name="request_words_known",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="request_closed_when_over",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], name="request_open", condition=Q(state="open")),
            models.Index(fields=["subject_kind", "subject_ref"], name="request_by_subject"),
        ]


class GateVerdict(models.Model):
    """What the gate said of a deletion. The subject is a pseudonym, so that this may stay."""

    at = models.DateTimeField()
    data_class = models.CharField(max_length=20)
    subject = models.CharField(max_length=80, blank=True, default="")
    what = models.CharField(max_length=200)
    is_allowed = models.BooleanField()
    why = models.TextField()
    by_key = models.CharField(max_length=80)
    by_name = models.CharField(max_length=120)

    class Meta:
        db_table = "privacy_gate_verdict"
        indexes = [models.Index(fields=["-at"], name="gate_verdict_newest")]


class ErasureRow(models.Model):
    """What went of a subject, named by its pseudonym, and what had to stay."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField()
    subject_kind = models.CharField(max_length=20)
    pseudonym = models.CharField(max_length=80)
    reason = models.TextField()
    fields = models.JSONField()
    kept = models.JSONField()
    keys = models.PositiveIntegerField()
    lines = models.PositiveIntegerField()
    erased_at = models.DateTimeField()
    erased_by_key = models.CharField(max_length=80)
    erased_by_name = models.CharField(max_length=120)

    class Meta:
        db_table = "privacy_erasure"
        indexes = [models.Index(fields=["pseudonym"], name="erasure_by_pseudonym")]
