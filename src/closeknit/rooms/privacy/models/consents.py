"""Purposes in versions, and what subjects said about them."""

from django.db import models
from django.db.models import Q

from closeknit.rooms.privacy.contracts.consents import Collection, ConsentState
from closeknit.rooms.privacy.contracts.purposes import Basis


class PurposeVersion(models.Model):
    """A purpose as somebody adopted it; version 1 of the shipped ones is in the code. Never edited."""

    purpose = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    what_for = models.TextField()
    decisions = models.JSONField()
    is_personalised = models.BooleanField()
    bases = models.JSONField()
    consent_days = models.PositiveIntegerField(null=True)
    renews_consent = models.BooleanField(default=False)
    is_sensitive = models.BooleanField(default=False)
    controller = models.CharField(max_length=200)
    policy_url = models.CharField(max_length=400, blank=True, default="")
    is_retired = models.BooleanField(default=False)
    adopted_at = models.DateTimeField()
    adopted_by_key = models.CharField(max_length=80)
    adopted_by_name = models.CharField(max_length=120)
    reason = models.TextField()

    class Meta:
        db_table = "privacy_purpose_version"
        constraints = [models.UniqueConstraint(fields=["purpose", "version"], name="purpose_version_once")]


class Consent(models.Model):
    """One statement of one subject about one purpose: never edited, but for an erasure.

    Rows of one subject are written one after another (an exclusive lock), so the highest id is the last word.
    """

    receipt_id = models.UUIDField(unique=True)
    thread_id = models.UUIDField()
    subject_kind = models.CharField(max_length=20)
    subject_ref = models.TextField()
    purpose = models.CharField(max_length=60)
    purpose_version = models.PositiveIntegerField()
    channel = models.CharField(max_length=20, blank=True, default="")
    state = models.CharField(max_length=12)
    jurisdiction = models.CharField(max_length=40, blank=True, default="")
    basis = models.CharField(max_length=40)
    law = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    collected = models.CharField(max_length=20)
    signal = models.CharField(max_length=40, blank=True, default="")
    language = models.CharField(max_length=20)
    text_shown = models.TextField(blank=True, default="")
    policy_url = models.CharField(max_length=400, blank=True, default="")
    controller = models.CharField(max_length=200)
    is_sensitive = models.BooleanField(default=False)
    note = models.TextField(blank=True, default="")
    recorded_by_key = models.CharField(max_length=80)
    recorded_by_name = models.CharField(max_length=120)

    class Meta:
        db_table = "privacy_consent"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[str(word) for word in ConsentState])
                & Q(basis__in=[str(word) for word in Basis])
                & Q(collected__in=[str(word) for word in Collection]),
                name="consent_words_known",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_ref", "purpose", "channel", "-id"], name="consent_last_word"),
            models.Index(fields=["purpose", "subject_kind", "subject_ref", "-id"], name="consent_by_purpose"),
        ]


class RefusedUse(models.Model):
    """A decision that was refused because the subject does not want its data used so."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField()
    subject_kind = models.CharField(max_length=20)
    subject_ref = models.TextField()
    purpose = models.CharField(max_length=60)
    decision = models.CharField(max_length=120)
    why = models.TextField()
    consent_id = models.BigIntegerField(null=True)
    refused_at = models.DateTimeField()
    asked_by_key = models.CharField(max_length=80)
    asked_by_name = models.CharField(max_length=120)

    class Meta:
        db_table = "privacy_refused_use"
        indexes = [models.Index(fields=["-refused_at"], name="refused_use_newest")]
