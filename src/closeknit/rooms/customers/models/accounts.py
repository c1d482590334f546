"""Accounts."""

from django.db import models
from django.db.models import Q


class Account(models.Model):
    """A customer account. `tier_reason` says in a sentence why it has its tier; numbers are the source's own.

    `tier_decision` is the proposal by which people or policy chose the tier: then no load of data moves it.
    `merged_into` is the account that this number is another name of now; `golden_fields` are those that the golden view
    chose against the feed's own word: then no load of the feed moves them.
    """

    account_number = models.TextField(unique=True)
    name = models.TextField()
    tier = models.CharField(max_length=12)
    tier_reason = models.TextField()
    tier_decision = models.UUIDField(null=True)
    team = models.ForeignKey("org.Team", on_delete=models.PROTECT, null=True, related_name="+")
    region = models.TextField(blank=True, default="")
    time_zone = models.CharField(max_length=60, blank=True, default="")
    jurisdiction = models.CharField(max_length=40, blank=True, default="")
    source_feed = models.CharField(max_length=80)
    is_stated = models.BooleanField(default=False)
    since_at = models.DateTimeField(null=True)
    merged_into = models.TextField(blank=True, default="")
    golden_fields = models.JSONField(default=list)

    class Meta:
        db_table = "customers_account"
        constraints = [
            models.CheckConstraint(
                condition=Q(tier__in=["strategic", "key", "standard", "volume"]), name="account_tier_known"
            ),
            models.CheckConstraint(condition=~Q(account_number=""), name="account_number_given"),
        ]
        indexes = [models.Index(fields=["tier", "account_number"], name="account_by_tier")]
