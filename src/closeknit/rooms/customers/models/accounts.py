"""Accounts."""

from django.db import models
from django.db.models import Case, F, Q, Value, When

CLOSENESS = Case(
    When(tier="strategic", then=Value(0)),
    When(tier="key", then=Value(1)),
    When(tier="standard", then=Value(2)),
    default=Value(3),
)
"""The place of a tier, the closest first. Worded as its index has it: with other words that would not be used."""


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
        indexes = [
            models.Index(fields=["tier", "account_number"], name="account_by_tier"),
            # What its list is sorted by, so that a page of it reads no more rows than it shows.
            models.Index(fields=["name", "account_number"], name="account_by_name"),
            models.Index(fields=["region", "account_number"], name="account_by_region"),
            models.Index(fields=["since_at", "account_number"], name="account_by_since"),
            models.Index(F("since_at").desc(nulls_last=True), F("account_number").desc(), name="account_by_latest"),
            models.Index(CLOSENESS, "account_number", name="account_by_closeness"),
        ]


def numbers_merged_into(account_number: str) -> list[str]:
    """Return every number that was merged into an account, or into one of those."""
    own = list(Account.objects.filter(merged_into=account_number).values_list("account_number", flat=True))
    return own + [name for each in own for name in numbers_merged_into(each)]
