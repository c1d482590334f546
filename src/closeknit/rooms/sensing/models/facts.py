"""Stated facts, version by version."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from closeknit.rooms.sensing.models.feeds import Batch, Feed


class FactRow(models.Model):
    """One version of one stated fact.

    A changed statement is a new row; the old one stays, marked superseded.
    """

    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="+", db_index=False)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+")
    file_number = models.SmallIntegerField(default=-1)
    line = models.BigIntegerField(default=0)
    kind = models.CharField(max_length=20)
    key = models.TextField()
    body = models.JSONField()
    content_hash = models.BinaryField(max_length=16)
    is_assumed = models.BooleanField(default=False)
    stated_at = models.DateTimeField(db_default=Now())
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sensing_fact"
        constraints = [
            models.UniqueConstraint(
                fields=["feed", "kind", "key"],
                condition=Q(superseded_at=None),
                name="one_fact_in_force_per_key",
            )
        ]
        indexes = [
            models.Index(fields=["kind", "id"], name="fact_in_force", condition=Q(superseded_at=None)),
            models.Index(fields=["feed", "kind", "key", "id"], name="fact_versions"),
        ]
