"""Quotes for proposed terms, and who would get less by them. Written once; a trigger keeps what a quote says."""

from django.db import models
from django.db.models import Q

from closeknit.rooms.capacity.models.plans import Plan


class Quote(models.Model):
    """One quote. `asked`: the proposed term; `share_of_tier`: what of it is the account's; `told`: the numbers."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    operation = models.CharField(max_length=80)
    account_number = models.CharField(max_length=80)
    team = models.ForeignKey("org.Team", on_delete=models.PROTECT, null=True, related_name="+")
    asked = models.JSONField()
    share_of_tier = models.JSONField(default=list)
    now_sentence = models.CharField(max_length=200)
    proposed_sentence = models.CharField(max_length=200)
    verdict = models.CharField(max_length=20)
    told = models.JSONField()
    margin_before = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    margin_reason = models.CharField(max_length=300, blank=True, default="")
    others = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    made_by_key = models.CharField(max_length=80)
    made_by_name = models.CharField(max_length=120)
    expires_at = models.DateTimeField()
    inputs_digest = models.CharField(max_length=64)
    result_digest = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)

    class Meta:
        db_table = "capacity_quote"
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=["kept", "with overtime", "others get less", "cannot be kept"]),
                name="quote_verdict_known",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("made_at")), name="quote_expires_later"),
        ]
        indexes = [models.Index(fields=["account_number", "-made_at"], name="quote_newest")]


class QuoteEffect(models.Model):
    """Who would get less by a quoted term: an account, or the rest of a tier together (account "")."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="+")
    account_number = models.CharField(max_length=80, blank=True, default="")
    tier = models.CharField(max_length=20)
    short_hours_more = models.FloatField()
    cost_more = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        db_table = "capacity_quote_effect"
        constraints = [
            models.UniqueConstraint(fields=["quote", "tier", "account_number"], name="one_effect_per_claimant")
        ]
