"""The outbox: what happened, and for each listener whether it has dealt with it."""

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now


class EventRow(models.Model):
    """A published event. Written in the publishing transaction; never changed."""

    uid = models.UUIDField(unique=True)
    name = models.CharField(max_length=80)
    thread_id = models.UUIDField(db_index=True)
    actor_key = models.CharField(max_length=80)
    body = models.JSONField()
    published_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "kernel_event"


class Delivery(models.Model):
    """One event owed to one listener. Its effect and its `done` mark commit together."""

    class State(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        DEAD = "dead"

    event = models.ForeignKey(EventRow, on_delete=models.CASCADE, related_name="+")
    listener = models.CharField(max_length=160)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    last_error = models.TextField(blank=True, default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "kernel_delivery"
        constraints = [models.UniqueConstraint(fields=["event", "listener"], name="one_delivery_per_listener")]
        indexes = [
            models.Index(fields=["next_try_at", "id"], name="delivery_pending", condition=models.Q(state="pending")),
            models.Index(fields=["id"], name="delivery_dead", condition=models.Q(state="dead")),
        ]


class JobFailure(models.Model):
    """Why one try of a background job failed; the job itself lives in procrastinate's tables."""

    job_id = models.BigIntegerField(db_index=True)
    task = models.CharField(max_length=160)
    arguments = models.JSONField()
    attempt = models.PositiveSmallIntegerField()
    error = models.TextField()
    failed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "kernel_job_failure"


class Session(AbstractBaseSession):
    """A browser's session: whose it is, since when, and until when without another request.

    The browser holds the key; here is only its SHA-256, so that nobody signs in with what a copy of the table shows.
    """

    session_key = models.CharField(max_length=64, primary_key=True)
    user_id = models.BigIntegerField(null=True, db_index=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    address = models.CharField(max_length=64, blank=True, default="")
    browser = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        db_table = "kernel_session"

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """Return what reads and writes sessions."""
        from closeknit.kernel.sessions import SessionStore

        return SessionStore


class Try(models.Model):
    """One try to prove who one is, counted against a key (an account, an address) for a minute."""

    key_sha256 = models.BinaryField(max_length=32)
    tried_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "kernel_try"
        indexes = [models.Index(fields=["key_sha256", "tried_at"], name="try_by_key")]
