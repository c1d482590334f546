"""The board: one row per account, so that a dashboard is one SELECT."""

from django.db import models


class BoardLine(models.Model):
    """One account's numbers over the plans in force, and the thread that explains them."""

    account_number = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    tier = models.CharField(max_length=20)
    tier_rank = models.PositiveSmallIntegerField()
    team = models.ForeignKey("org.Team", on_delete=models.PROTECT, null=True, related_name="+")
    team_name = models.CharField(max_length=120, blank=True, default="")
    operations = models.JSONField(default=list)
    units_last_4_weeks = models.FloatField()
    units_next_4_weeks = models.FloatField()
    need_hours = models.FloatField()
    served_hours = models.FloatField()
    short_hours = models.FloatField()
    amount_last_52_weeks = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3, blank=True, default="")
    other_amounts = models.JSONField(default=dict)
    first_short_week_on = models.DateField(null=True)
    is_own_series = models.BooleanField(default=False)
    thread_id = models.UUIDField(null=True)
    refreshed_at = models.DateTimeField()

    class Meta:
        db_table = "outcomes_board_line"
        indexes = [
            models.Index(fields=["-short_hours", "account_number"], name="board_by_short"),
            models.Index(fields=["tier_rank", "account_number"], name="board_by_tier"),
            models.Index(fields=["-need_hours", "account_number"], name="board_by_need"),
        ]
