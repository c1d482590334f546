"""Proposals, the answers to them, the decision tables that routed them, and exceptions."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Proposal(models.Model):
    """A change that waits for policy or for people. Leaves `waiting` once.

    `question` is all that the judgement was made from beside the table `policy_version`; `before` and `after` are pairs
    of name and value, in the order they are shown; `effects` says which accounts gain and lose. Deadlines are
    in database time. `..._for_...` name whose rights were borrowed, where any were.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        APPROVED = "approved"
        REJECTED = "rejected"
        WITHDRAWN = "withdrawn"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    title = models.CharField(max_length=200)
    summary = models.TextField()
    account_number = models.TextField(blank=True, default="", db_default="")
    tier = models.CharField(max_length=12, default="none", db_default="none")
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)
    effects = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    money_at_stake = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    question = models.JSONField(default=dict)
    policy_version = models.CharField(max_length=60, blank=True, default="", db_default="")
    policy_row = models.PositiveSmallIntegerField(null=True)
    verdicts = models.JSONField(default=list)
    roles = models.JSONField(default=list)
    approvals = models.PositiveSmallIntegerField(default=1, db_default=1)
    escalation = models.CharField(max_length=40, blank=True, default="", db_default="")
    proposed_by_key = models.CharField(max_length=80)
    proposed_by_name = models.CharField(max_length=120)
    proposed_for_key = models.CharField(max_length=80, blank=True, default="", db_default="")
    proposed_for_name = models.CharField(max_length=120, blank=True, default="", db_default="")
    proposed_at = models.DateTimeField()
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    decided_by_key = models.CharField(max_length=80, blank=True, default="")
    decided_by_name = models.CharField(max_length=250, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, default="")

    class Meta:
        db_table = "decisions_proposal"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                # A plan is proposed once for all; anything else may be proposed again when the last one has ended.
                condition=Q(kind="plan") | Q(state="waiting"),
                name="one_proposal_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="proposal_waiting", condition=Q(state="waiting")),
            models.Index(fields=["expires_at"], name="proposal_expiring", condition=Q(state="waiting")),
            models.Index(fields=["subject", "-proposed_at"], name="proposal_by_subject"),
            models.Index(fields=["account_number"], name="proposal_by_account"),
        ]


class ProposalAnswer(models.Model):
    """One person's answer to a proposal: one each, whatever hats the person has."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    person_key = models.CharField(max_length=80)
    person_name = models.CharField(max_length=120)
    for_key = models.CharField(max_length=80, blank=True, default="")
    for_name = models.CharField(max_length=120, blank=True, default="")
    role = models.CharField(max_length=40)
    approves = models.BooleanField()
    reason = models.TextField(blank=True, default="")
    answered_at = models.DateTimeField()

    class Meta:
        db_table = "decisions_proposal_answer"
        constraints = [models.UniqueConstraint(fields=["proposal", "person_key"], name="one_answer_per_person")]


class PolicyRow(models.Model):
    """A decision table as it was adopted, or as it was shipped when it first routed a proposal. Never changed."""

    version = models.CharField(max_length=60, unique=True)
    digest = models.CharField(max_length=64)
    text = models.TextField()
    is_shipped = models.BooleanField(default=False)
    adopted_by_key = models.CharField(max_length=80)
    adopted_by_name = models.CharField(max_length=120)
    adopted_at = models.DateTimeField(db_default=Now())
    reason = models.TextField(blank=True, default="")
    thread_id = models.UUIDField(null=True)

    class Meta:
        db_table = "decisions_policy"


ORDERS = {
    "until": "until_on",
    "start": "starts_on",
    "review": "review_on",
    "rule": "deviates_from",
    "number": "account_number",
    "owner": "owner_name",
}


class ExceptionRow(models.Model):
    """A deviation from a policy, setting or term for an account or a place, from a day until a day, both included."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, null=True, related_name="+")
    extends = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    account_number = models.TextField(blank=True, default="")
    place = models.CharField(max_length=120, blank=True, default="")
    deviates_from = models.CharField(max_length=200)
    allowed = models.TextField()
    reason = models.TextField()
    money_at_stake = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    starts_on = models.DateField()
    until_on = models.DateField()
    review_on = models.DateField()
    owner_key = models.CharField(max_length=80)
    owner_name = models.CharField(max_length=120)
    requested_by_key = models.CharField(max_length=80)
    requested_by_name = models.CharField(max_length=120)
    requested_at = models.DateTimeField()
    expiry_noted_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by_name = models.CharField(max_length=120, blank=True, default="")
    review_note = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    ended_by_name = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        db_table = "decisions_exception"
        constraints = [
            models.CheckConstraint(condition=Q(until_on__gte=models.F("starts_on")), name="exception_ends_after_start"),
            models.CheckConstraint(
                condition=Q(review_on__gte=models.F("starts_on")) & Q(review_on__lte=models.F("until_on")),
                name="exception_reviewed_while_it_runs",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="exception_has_a_reason"),
        ]
        indexes = [
            models.Index(fields=["account_number", "until_on"], name="exception_by_account"),
            models.Index(fields=["until_on"], name="exception_open", condition=Q(ended_at=None)),
            *(models.Index(fields=[name, "id"], name=f"exception_by_{order}") for order, name in ORDERS.items()),
        ]
