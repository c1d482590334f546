"""Stock sized: the computation with what it was made from, its items, and each account's part."""

from django.db import models


class StockPlan(models.Model):
    """One sizing of an operation's stock; its inputs and numbers never change."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    operation = models.CharField(max_length=80)
    as_of_on = models.DateField()
    made_at = models.DateTimeField()
    made_by_key = models.CharField(max_length=80)
    made_by_name = models.CharField(max_length=120)
    items = models.PositiveIntegerField()
    items_short = models.PositiveIntegerField()
    items_uncounted = models.PositiveIntegerField()
    weeks_seen = models.PositiveIntegerField()
    lead_days = models.PositiveIntegerField()
    review_days = models.PositiveIntegerField()
    assumptions = models.JSONField(default=list)
    inputs = models.BinaryField()
    inputs_digest = models.CharField(max_length=64)
    result_digest = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)

    class Meta:
        db_table = "capacity_stock_plan"
        indexes = [models.Index(fields=["operation", "-made_at"], name="stock_newest")]


class StockItemRow(models.Model):
    """One item at one site, with what is said of it."""

    stock_plan = models.ForeignKey(StockPlan, on_delete=models.CASCADE, related_name="+")
    item = models.TextField()
    site = models.TextField()
    short_pieces = models.FloatField(null=True)
    needed_pieces = models.FloatField()
    told = models.JSONField()

    class Meta:
        db_table = "capacity_stock_item"
        constraints = [models.UniqueConstraint(fields=["stock_plan", "item", "site"], name="one_stock_row_per_item")]
        indexes = [models.Index(fields=["stock_plan", "-short_pieces"], name="stock_shortest")]


class StockPartRow(models.Model):
    """One account's part of the stock at one site, until the operation's stock is sized again."""

    stock_plan = models.ForeignKey(StockPlan, on_delete=models.CASCADE, related_name="+")
    account_number = models.TextField()
    site = models.TextField()
    currency = models.TextField(blank=True)
    told = models.JSONField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "capacity_stock_part"
        constraints = [
            models.UniqueConstraint(
                fields=["stock_plan", "account_number", "site", "currency"], name="one_stock_part_per_account"
            )
        ]
        indexes = [
            models.Index(fields=["account_number"], condition=models.Q(superseded_at=None), name="stock_of_account")
        ]
