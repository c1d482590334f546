"""Feeds, batches, observed work, stated facts, and what was refused."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Feed(models.Model):
    """A source that keeps coming, read by one recipe.

    The recipe's text is kept, so a load can be explained.
    """

    name = models.CharField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    recipe = models.CharField(max_length=80)
    recipe_text = models.TextField()
    recipe_version = models.CharField(max_length=12)
    time_zone = models.CharField(max_length=60)
    assumptions = models.JSONField(default=list)
    account_rule = models.JSONField(null=True)
    promise_rule = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "sensing_feed"


class Batch(models.Model):
    """One load of one source through one feed.

    Its counts balance at every moment; its cursor says how far it came.
    """

    class State(models.TextChoices):
        LOADING = "loading"
        DONE = "done"

    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="+")
    source_name = models.CharField(max_length=300)
    source_sha256 = models.CharField(max_length=64)
    recipe_version = models.CharField(max_length=12)
    state = models.CharField(max_length=8, choices=State.choices, default=State.LOADING)
    files = models.JSONField(default=list)
    read = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    superseded = models.BigIntegerField(default=0)
    file_number = models.IntegerField(default=0)
    file_rows = models.BigIntegerField(default=0)
    thread_id = models.UUIDField(db_index=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sensing_batch"
        constraints = [
            models.CheckConstraint(
                condition=Q(read=F("accepted") + F("quarantined") + F("duplicate")), name="batch_balances"
            ),
            models.CheckConstraint(
                condition=Q(superseded__lte=F("duplicate"), superseded__gte=0, accepted__gte=0, quarantined__gte=0),
                name="batch_counts_sane",
            ),
            models.UniqueConstraint(
                fields=["feed", "source_sha256", "recipe_version"],
                condition=Q(state="loading"),
                name="one_unfinished_load_per_source",
            ),
        ]
        indexes = [models.Index(fields=["feed", "-id"], name="batch_by_feed")]


class BatchOperation(models.Model):
    """What a batch added to one operation.

    `content_sum` adds up row hashes, so equal data has equal sums in any order.
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+")
    operation = models.CharField(max_length=80)
    rows = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    content_sum = models.DecimalField(max_digits=60, decimal_places=0)

    class Meta:
        db_table = "sensing_batch_operation"
        constraints = [models.UniqueConstraint(fields=["batch", "operation"], name="one_sum_per_batch_operation")]
        indexes = [models.Index(fields=["operation"], name="batch_operation_by_name")]


class WorkRow(models.Model):
    """One observed unit of work (see contracts.Work), with the file and line it came from."""

    # The batch's key implies the feed's; a second check per row would cost a tenth of the load.
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+", db_index=False)
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
    details = models.JSONField(null=True)

    class Meta:
        db_table = "sensing_work"
        constraints = [
            models.UniqueConstraint(fields=["feed", "key_hash"], name="one_work_row_per_key"),
            models.CheckConstraint(condition=Q(quantity__gte=0, quantity__lt=1e15), name="work_quantity_sane"),
        ]
        indexes = [
            models.Index(fields=["operation", "occurred_at"], name="work_by_time"),
            models.Index(
                fields=["account_number", "occurred_at"],
                name="work_by_account",
                condition=~Q(account_number=""),
            ),
        ]


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


class QuarantinedRow(models.Model):
    """A refused row, with its raw content (without the recipe's private columns) and a reason to act on."""

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

    class Meta:
        db_table = "sensing_quarantined"
        constraints = [models.UniqueConstraint(fields=["feed", "raw_hash"], name="one_quarantine_per_raw_row")]
        indexes = [models.Index(fields=["feed", "-id"], name="quarantine_waiting", condition=Q(released_at=None))]
