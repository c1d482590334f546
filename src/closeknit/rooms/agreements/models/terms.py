"""Contracts and their terms, each term versioned by dates."""

from django.db import models
from django.db.models import F, Q


class Contract(models.Model):
    """A contract with one account ("" for the standing terms of a tier, a source or a recipe)."""

    contract_number = models.TextField(unique=True)
    account_number = models.TextField(blank=True, default="")

    class Meta:
        db_table = "agreements_contract"


class TermRow(models.Model):
    """One version of one term (see contracts.Term).

    Versions of a term number never overlap: the database refuses it.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    term_number = models.TextField()
    account_number = models.TextField(blank=True, default="")
    tier = models.CharField(max_length=12, blank=True, default="")
    operation = models.TextField()
    service = models.TextField(blank=True, default="")
    work_class = models.TextField(blank=True, default="")
    measure = models.CharField(max_length=20)
    threshold_minutes = models.FloatField()
    clock = models.CharField(max_length=10, default="calendar")
    target_share = models.FloatField()
    credit_per_miss = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    currency = models.CharField(max_length=3, blank=True, default="")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    source = models.CharField(max_length=30)
    source_feed = models.CharField(max_length=80)

    class Meta:
        db_table = "agreements_term"
        constraints = [
            models.UniqueConstraint(fields=["term_number", "starts_on"], name="one_version_per_start"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")), name="term_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(threshold_minutes__gt=0, threshold_minutes__lt=1e9), name="term_threshold_sane"
            ),
            models.CheckConstraint(condition=Q(target_share__gt=0, target_share__lte=1), name="term_target_sane"),
            models.CheckConstraint(condition=Q(credit_per_miss__gte=0), name="term_credit_sane"),
        ]
        indexes = [
            models.Index(fields=["operation", "starts_on"], name="term_by_operation"),
            models.Index(fields=["account_number"], name="term_by_account", condition=~Q(account_number="")),
        ]
