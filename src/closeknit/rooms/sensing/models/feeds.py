"""Feeds, their loads, and what each load added to an operation."""

from django.db import models
from django.db.models import F, Q


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
