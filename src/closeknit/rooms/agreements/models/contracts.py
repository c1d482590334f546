"""Contracts that are drafted and decided here, version by version."""

from django.db import models
from django.db.models import F, Q

from closeknit.rooms.agreements.contracts.deals import ContractState

ORDERS = {
    "draft": "drafted_at",
    "title": "title",
    "number": "contract_number",
    "whom": "account_number",
    "start": "starts_on",
    "end": "ends_on",
}


class ContractVersion(models.Model):
    """One version of one contract (see contracts.ContractCard). Its words are never edited once it is proposed."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    contract_number = models.CharField(max_length=120)
    version = models.IntegerField()
    state = models.CharField(max_length=12, default=ContractState.DRAFT.value)
    title = models.CharField(max_length=160)
    account_number = models.TextField(blank=True, default="")
    tier = models.CharField(max_length=12, blank=True, default="")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    calendar = models.CharField(max_length=60, blank=True, default="")
    time_zone = models.CharField(max_length=60)
    currency = models.CharField(max_length=3, blank=True, default="")
    pause_reasons = models.JSONField(default=list)
    clauses = models.JSONField()
    guarantees = models.JSONField(default=list)
    proposal_id = models.UUIDField(null=True, unique=True)
    drafted_at = models.DateTimeField()
    drafted_by_key = models.CharField(max_length=80)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "agreements_contract_version"
        constraints = [
            models.UniqueConstraint(fields=["contract_number", "version"], name="one_contract_per_version"),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in ContractState]), name="contract_state_known"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")), name="contract_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(account_number="") | Q(tier=""), name="contract_for_account_or_tier"),
        ]
        indexes = [
            models.Index(fields=["account_number", "starts_on"], name="contract_by_account"),
            *(models.Index(fields=[name, "id"], name=f"contract_by_{order}") for order, name in ORDERS.items()),
            models.Index(F("ends_on").desc(nulls_last=True), F("id").desc(), name="contract_by_latest_end"),
        ]
