"""Observed work."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from closeknit.rooms.sensing.models.feeds import Batch, Feed


class WorkRow(models.Model):
    """One observed unit of work (see contracts.Work), with the file and line it came from.

    A row is known by its feed and key; its number keeps an order and has no index (migration 0011).
    """

    # Checked once for all rows of a statement (migration 0007): row by row it would cost a fifth of the load.
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    file_number = models.SmallIntegerField()
    line = models.BigIntegerField()
    key = models.TextField()
    key_hash = models.BinaryField(max_length=16)
    content_hash = models.BinaryField(max_length=16)
    operation = models.TextField()
    service = models.TextField()
    work_class = models.TextField()
    region = models.TextField()
    channel = models.TextField()
    product = models.TextField()
    account_number = models.TextField()
    occurred_at = models.DateTimeField()
    quantity = models.FloatField()
    handle_minutes = models.FloatField(null=True)
    amount = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.TextField()
    promised_minutes = models.FloatField(null=True)
    finished_at = models.DateTimeField(null=True)
    met_promise = models.BooleanField(null=True)
    is_return = models.BooleanField()
    # Its source says when work ends, and said no end of this: kept, since only the stream of its recipe knows.
    is_open = models.BooleanField(default=False, db_default=False)
    details = models.JSONField(null=True)

    class Meta:
        db_table = "sensing_work"
        constraints = [
            models.UniqueConstraint(fields=["feed", "key_hash"], name="one_work_row_per_key"),
            models.CheckConstraint(condition=Q(quantity__gte=0, quantity__lt=1e15), name="work_quantity_sane"),
        ]
        indexes = [
            models.Index(fields=["operation", "occurred_at"], name="work_by_time"),
            # Without the time: rows of one account then follow each other in the index as they do in the table, so that
            # an index of a fifth of the size stays in memory and costs half as much to keep.
            models.Index(fields=["account_number"], name="work_of_account", condition=~Q(account_number="")),
            # What still runs, and which services say when work ends. Work of which no end is ever said is in neither:
            # among events most is such, and an index of all without an end made storing them a sixth dearer.
            models.Index(fields=["operation", "service", "occurred_at"], name="work_open", condition=Q(is_open=True)),
            models.Index(fields=["operation", "service"], name="work_ended", condition=Q(finished_at__isnull=False)),
            # Batches lie one after another: a summary of each stretch of the table finds theirs, for next to nothing.
            BrinIndex(fields=["batch"], name="work_by_batch", autosummarize=True),
        ]
