"""Notices to people, how each wants them, and what goes out by mail and webhook."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Notice(models.Model):
    """What one person was told about one cause. A repeat counts up on the same row and makes it unread again.

    `routed_updates` is how many of its updates the worker has taken to the channels; `sent_at` when one last went out
    at once (database time).
    """

    id = models.UUIDField(primary_key=True)
    person_key = models.CharField(max_length=80)
    cause = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True, default="")
    link = models.CharField(max_length=300, blank=True, default="")
    is_urgent = models.BooleanField(default=False)
    account_number = models.CharField(max_length=80, blank=True, default="")
    permission = models.CharField(max_length=60, blank=True, default="")
    thread_id = models.UUIDField()
    updates = models.PositiveIntegerField(default=1)
    routed_updates = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "decisions_notice"
        constraints = [models.UniqueConstraint(fields=["person_key", "cause"], name="one_notice_per_person_and_cause")]
        indexes = [
            models.Index(fields=["person_key", "-last_at"], name="notice_by_person"),
            models.Index(fields=["person_key"], name="notice_unread", condition=Q(read_at=None)),
            models.Index(fields=["id"], name="notice_unrouted", condition=Q(routed_updates__lt=F("updates"))),
            models.Index(fields=["person_key", "sent_at"], name="notice_sent", condition=Q(sent_at__isnull=False)),
            models.Index(fields=["cause"], name="notice_by_cause"),
        ]


class NoticePreferenceRow(models.Model):
    """By which channels one person wants notices, and when. Without a row: the defaults of the contract."""

    person_key = models.CharField(max_length=80, primary_key=True)
    mail_address = models.CharField(max_length=254, blank=True, default="")
    mail = models.CharField(max_length=8, default="urgent")
    webhook = models.CharField(max_length=8, default="none")
    digest = models.CharField(max_length=8, default="hourly")
    digest_hour = models.PositiveSmallIntegerField(default=7)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    time_zone = models.CharField(max_length=60, default="UTC")

    class Meta:
        db_table = "decisions_notice_preference"


class GatheredNotice(models.Model):
    """A notice that waits for a person's next digest on one channel. Gone when the digest is made."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="+")
    person_key = models.CharField(max_length=80)
    channel = models.CharField(max_length=8)
    due_at = models.DateTimeField()

    class Meta:
        db_table = "decisions_gathered_notice"
        constraints = [models.UniqueConstraint(fields=["notice", "channel"], name="gathered_once_per_channel")]
        indexes = [models.Index(fields=["due_at"], name="gathered_due")]


class WebhookEndpoint(models.Model):
    """An address that administrators have notices sent to. `secret` is encrypted; it was shown once."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=80, unique=True)
    url = models.CharField(max_length=500)
    secret = models.BinaryField()
    thread_id = models.UUIDField()
    created_at = models.DateTimeField()
    created_by_name = models.CharField(max_length=120)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.TextField(blank=True, default="")
    failures = models.PositiveIntegerField(default=0)
    rests_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "decisions_webhook_endpoint"


class Dispatch(models.Model):
    """One message on one channel to one receiver. Its id is the same on every try: receivers take it once."""

    class State(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        DEAD = "dead"
        DROPPED = "dropped"

    id = models.UUIDField(primary_key=True)
    channel = models.CharField(max_length=8)
    person_key = models.CharField(max_length=80, blank=True, default="")
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=8)
    notice_ids = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    next_try_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True, default="")

    class Meta:
        db_table = "decisions_dispatch"
        indexes = [
            models.Index(fields=["next_try_at"], name="dispatch_due", condition=Q(state="pending")),
            models.Index(fields=["endpoint", "-created_at"], name="dispatch_by_endpoint"),
        ]
