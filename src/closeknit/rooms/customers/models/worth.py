"""Values, scores and what the table of tiers said, week by week. Nothing here is ever changed."""

from datetime import date, timedelta

from django.db import models
from django.db.models import Q

from closeknit.rooms.customers.contracts.tier_weeks import TierOutcome
from closeknit.rooms.customers.contracts.values import OBSERVED_UNTIL


class WorthRun(models.Model):
    """One week's values of all accounts, and what they were made with."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField()
    as_of_on = models.DateField(unique=True)
    computed_at = models.DateTimeField()
    computed_by = models.CharField(max_length=120)
    code_version = models.CharField(max_length=40)
    models_json = models.JSONField()
    settings_json = models.JSONField()
    input_digest = models.CharField(max_length=64)
    result_digest = models.CharField(max_length=64)
    accounts = models.IntegerField()
    valued = models.IntegerField()
    scored_at = models.DateTimeField(null=True)
    tiered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "customers_worth_run"

    @property
    def observed_until_on(self) -> date:
        """The last day of which orders were known."""
        said = dict(self.settings_json).get(OBSERVED_UNTIL)
        return date.fromisoformat(said) if said else self.as_of_on - timedelta(days=1)


class ValueRow(models.Model):
    """One account's value in one run, with its inputs as they were."""

    run = models.ForeignKey(WorthRun, on_delete=models.PROTECT, related_name="+")
    account_number = models.TextField()
    currency = models.CharField(max_length=8, blank=True)
    kind = models.CharField(max_length=10, blank=True)
    why_not = models.TextField(blank=True)
    inputs = models.JSONField()
    chance_to_stay = models.FloatField(null=True)
    expected_orders = models.FloatField(null=True)
    expected_spend = models.FloatField(null=True)
    discount_factor = models.FloatField(null=True)
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)

    class Meta:
        db_table = "customers_value"
        constraints = [
            models.UniqueConstraint(fields=["run", "account_number"], name="one_value_per_run"),
            models.CheckConstraint(
                condition=Q(value=None, kind="") & ~Q(why_not="") | Q(value__isnull=False) & ~Q(kind=""),
                name="value_or_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["account_number"], name="value_by_account"),
            models.Index(fields=["run", "-value"], name="value_by_size"),
        ]


class ScoreRow(models.Model):
    """One account's score in one run: its terms, which add up to it exactly."""

    run = models.ForeignKey(WorthRun, on_delete=models.PROTECT, related_name="+")
    account_number = models.TextField()
    thousandths = models.IntegerField(null=True)
    terms = models.JSONField()
    inputs = models.JSONField(default=dict)
    rule_version = models.CharField(max_length=60)
    data_until_on = models.DateField(null=True)

    class Meta:
        db_table = "customers_score"
        constraints = [
            models.UniqueConstraint(fields=["run", "account_number"], name="one_score_per_run"),
            models.CheckConstraint(
                condition=Q(thousandths=None) | Q(thousandths__gte=0, thousandths__lte=100_000), name="score_in_bounds"
            ),
        ]
        indexes = [models.Index(fields=["account_number"], name="score_by_account")]


class TierWeekRow(models.Model):
    """What the table of tiers said of one account in one week."""

    run = models.ForeignKey(WorthRun, on_delete=models.PROTECT, related_name="+")
    account_number = models.TextField()
    tier = models.CharField(max_length=12)
    says = models.CharField(max_length=12)
    outcome = models.CharField(max_length=14)
    held_since_on = models.DateField()
    under_contract = models.BooleanField()
    score_thousandths = models.IntegerField(null=True)
    because = models.TextField()
    verdicts = models.JSONField()
    table_version = models.CharField(max_length=60)
    table_digest = models.CharField(max_length=64)
    proposal_id = models.UUIDField(null=True)

    class Meta:
        db_table = "customers_tier_week"
        constraints = [
            models.UniqueConstraint(fields=["run", "account_number"], name="one_tier_week_per_run"),
            models.CheckConstraint(
                condition=Q(outcome__in=[each.value for each in TierOutcome]), name="tier_week_outcome_known"
            ),
        ]
        indexes = [
            models.Index(fields=["account_number"], name="tier_week_by_account"),
            models.Index(fields=["run", "outcome"], name="tier_week_by_outcome"),
        ]


class TierTableRow(models.Model):
    """A table of tiers that people adopted."""

    version = models.CharField(max_length=60, unique=True)
    digest = models.CharField(max_length=64)
    text = models.TextField()
    effective_from = models.DateField()
    adopted_by = models.CharField(max_length=120)
    adopted_at = models.DateTimeField()
    reason = models.TextField()
    thread_id = models.UUIDField()

    class Meta:
        db_table = "customers_tier_table"
