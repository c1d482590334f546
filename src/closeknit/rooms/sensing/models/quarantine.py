"""What was refused, and what became of it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from closeknit.rooms.sensing.models.feeds import Batch, Feed


class QuarantinedRow(models.Model):
    """A refused row, with its raw content (without the recipe's private columns) and a reason to act on.

    `raw` is never changed. `mended` is what somebody made of it; `outcome` is empty while it waits, and where a later
    load brought it good (then `released_at` is set).
    """

    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="+", db_index=False)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+")
    file_number = models.SmallIntegerField()
    line = models.BigIntegerField()
    raw = models.JSONField()
    raw_hash = models.BinaryField(max_length=16)
    code = models.CharField(max_length=60)
    reason = models.TextField()
    quarantined_at = models.DateTimeField(db_default=Now())
    released_at = models.DateTimeField(null=True)
    mended = models.JSONField(null=True)
    outcome = models.CharField(max_length=10, db_default="", default="", blank=True)
    settled_by_key = models.CharField(max_length=80, db_default="", default="", blank=True)
    settled_by_name = models.CharField(max_length=120, db_default="", default="", blank=True)
    settled_why = models.CharField(max_length=500, db_default="", default="", blank=True)
    mended_by_version = models.CharField(max_length=12, db_default="", default="", blank=True)

    class Meta:
        db_table = "sensing_quarantined"
        constraints = [models.UniqueConstraint(fields=["feed", "raw_hash"], name="one_quarantine_per_raw_row")]
        indexes = [models.Index(fields=["feed", "-id"], name="quarantine_waiting", condition=Q(released_at=None))]
