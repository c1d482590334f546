"""Disagreements of two feeds on a field, and what came of them."""

from django.db import models
from django.db.models import Q

from closeknit.rooms.sensing.models.feeds import Feed


class Conflict(models.Model):
    """What two feeds (the one with the smaller number first) say of one field of one target."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=12)
    target = models.CharField(max_length=100)
    field = models.CharField(max_length=200)
    one_feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="+", db_index=False)
    other_feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="+")
    one_says = models.TextField()
    other_says = models.TextField()
    sentence = models.TextField()
    rule = models.TextField()
    state = models.CharField(max_length=10)
    steward_key = models.CharField(max_length=80, blank=True, default="")
    steward_name = models.CharField(max_length=120, blank=True, default="")
    found_at = models.DateTimeField()
    due_at = models.DateTimeField()
    settled_by_name = models.CharField(max_length=120, blank=True, default="")
    settled_at = models.DateTimeField(null=True)
    settled_why = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        db_table = "sensing_conflict"
        constraints = [
            models.UniqueConstraint(
                fields=["one_feed", "other_feed", "kind", "target", "field"],
                condition=~Q(state="reconciled"),
                name="one_open_conflict_per_field",
            )
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="conflict_due")]
