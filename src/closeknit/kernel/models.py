"""The outbox: what happened, and for each listener whether it has dealt with it."""

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
