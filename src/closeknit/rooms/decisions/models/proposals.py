"""Proposals."""

from django.db import models


class Proposal(models.Model):
    """A change that waits for policy or a person. Leaves `waiting` once."""

    class State(models.TextChoices):
        WAITING = "waiting"
        APPROVED = "approved"
        REJECTED = "rejected"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    title = models.CharField(max_length=200)
    summary = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    money_at_stake = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    verdicts = models.JSONField(default=list)
    proposed_by_key = models.CharField(max_length=80)
    proposed_by_name = models.CharField(max_length=120)
    proposed_at = models.DateTimeField()
    due_at = models.DateTimeField()
    decided_by_key = models.CharField(max_length=80, blank=True, default="")
    decided_by_name = models.CharField(max_length=120, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, default="")

    class Meta:
        db_table = "decisions_proposal"
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="one_proposal_per_subject"),
        ]
        indexes = [models.Index(fields=["due_at"], name="proposal_waiting", condition=models.Q(state="waiting"))]
