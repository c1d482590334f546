"""Records of accounts in source systems: what each states, version by version, and to which account it belongs."""

from django.db import models
from django.db.models import Q


class Record(models.Model):
    """One record in one system. `account_number`: whose it is now ("": nobody's).

    `stated_number`: whose it says it is; `is_own`: the statement of the account itself, under its number.
    """

    system = models.CharField(max_length=80)
    record_key = models.TextField()
    account_number = models.TextField(blank=True, default="")
    stated_number = models.TextField(blank=True, default="")
    is_own = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "customers_record"
        constraints = [
            models.UniqueConstraint(fields=["system", "record_key"], name="one_record_per_key"),
            models.CheckConstraint(condition=~Q(system="") & ~Q(record_key=""), name="record_is_named"),
        ]
        indexes = [
            models.Index(fields=["account_number"], name="record_by_account"),
            models.Index(fields=["stated_number"], name="record_by_stated"),
        ]


class RecordVersion(models.Model):
    """What a record stated from `learned_at` until `replaced_at`, and where that came from. Never edited."""

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")
    fields = models.JSONField()
    observed_at = models.DateTimeField()
    learned_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)
    feed = models.CharField(max_length=80, blank=True, default="")
    batch_id = models.BigIntegerField(null=True)
    fact_id = models.BigIntegerField(null=True, unique=True)
    source_name = models.TextField(blank=True, default="")
    line = models.BigIntegerField(default=0)
    stated_by_key = models.CharField(max_length=80, blank=True, default="")
    stated_by_name = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        db_table = "customers_record_version"
        constraints = [
            models.UniqueConstraint(
                fields=["record"], condition=Q(replaced_at=None), name="one_version_in_force_per_record"
            )
        ]
        indexes = [models.Index(fields=["record", "learned_at"], name="record_version_by_time")]


class RecordLink(models.Model):
    """To which account a record belonged from `from_at` until `until_at`, how that came, and by which merge."""

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")
    account_number = models.TextField()
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    how = models.CharField(max_length=12)
    sentence = models.TextField(blank=True, default="")
    merge = models.ForeignKey("customers.AccountMerge", on_delete=models.PROTECT, null=True, related_name="+")
    thread_id = models.UUIDField()

    class Meta:
        db_table = "customers_record_link"
        constraints = [
            models.UniqueConstraint(fields=["record"], condition=Q(until_at=None), name="one_link_in_force_per_record"),
            models.CheckConstraint(
                condition=Q(how__in=["stated", "match", "person", "merge", "split"]), name="record_link_how_known"
            ),
        ]
        indexes = [models.Index(fields=["account_number", "from_at"], name="record_link_by_account")]


class AccountMerge(models.Model):
    """From `merged_at` until `split_at` the absorbed number is another name of the kept one."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    proposal_id = models.UUIDField(null=True, unique=True)
    kept_number = models.TextField()
    absorbed_number = models.TextField()
    reason = models.TextField()
    merged_at = models.DateTimeField()
    merged_by_key = models.CharField(max_length=80)
    merged_by_name = models.CharField(max_length=120)
    split_at = models.DateTimeField(null=True)
    split_by_key = models.CharField(max_length=80, blank=True, default="")
    split_by_name = models.CharField(max_length=120, blank=True, default="")
    split_reason = models.TextField(blank=True, default="")

    class Meta:
        db_table = "customers_merge"
        constraints = [
            models.UniqueConstraint(
                fields=["absorbed_number"], condition=Q(split_at=None), name="absorbed_once_at_a_time"
            ),
            models.CheckConstraint(condition=~Q(kept_number=models.F("absorbed_number")), name="merge_of_two"),
        ]
        indexes = [models.Index(fields=["kept_number"], name="merge_by_kept", condition=Q(split_at=None))]


class RecordMatch(models.Model):
    """Two records that may be of one account, with what each field says, and what came of it."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField()
    first = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=12)
    terms = models.JSONField()
    total_bits = models.DecimalField(max_digits=9, decimal_places=3)
    probability = models.FloatField()
    model_version = models.CharField(max_length=40)
    found_at = models.DateTimeField()
    state = models.CharField(max_length=10, default="waiting")
    decided_by_key = models.CharField(max_length=80, blank=True, default="")
    decided_by_name = models.CharField(max_length=120, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, default="")

    class Meta:
        db_table = "customers_match"
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="one_match_per_pair"),
            models.CheckConstraint(condition=Q(first__lt=models.F("second")), name="match_in_order"),
            models.CheckConstraint(condition=Q(state__in=["waiting", "joined", "different"]), name="match_state_known"),
        ]
        indexes = [models.Index(fields=["-total_bits"], name="match_waiting", condition=Q(state="waiting"))]


class Survivorship(models.Model):
    """A version of the rules by which claims survive. Never edited."""

    version = models.IntegerField(unique=True)
    groups = models.JSONField()
    from_at = models.DateTimeField()
    set_by_key = models.CharField(max_length=80)
    set_by_name = models.CharField(max_length=120)
    reason = models.TextField()
    thread_id = models.UUIDField()

    class Meta:
        db_table = "customers_survivorship"


class Dispute(models.Model):
    """Somebody's word that a fact of an account is wrong, and the steward's answer."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    account_number = models.TextField()
    field = models.CharField(max_length=20)
    value = models.TextField(blank=True, default="")
    suggested = models.TextField(blank=True, default="")
    text = models.TextField()
    system = models.CharField(max_length=80, blank=True, default="")
    learned_at = models.DateTimeField(null=True)
    reported_by_key = models.CharField(max_length=80)
    reported_by_name = models.CharField(max_length=120)
    reported_at = models.DateTimeField()
    steward_key = models.CharField(max_length=80, blank=True, default="")
    steward_name = models.CharField(max_length=120, blank=True, default="")
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, default="open")
    answered_by_key = models.CharField(max_length=80, blank=True, default="")
    answered_by_name = models.CharField(max_length=120, blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True, default="")
    corrected = models.TextField(blank=True, default="")

    class Meta:
        db_table = "customers_dispute"
        constraints = [
            models.UniqueConstraint(
                fields=["account_number", "field"], condition=Q(state="open"), name="one_open_dispute_per_field"
            ),
            models.CheckConstraint(
                condition=Q(state="open", answered_at=None)
                | Q(state__in=["corrected", "stands"], answered_at__isnull=False),
                name="dispute_answered_when_over",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="dispute_by_due")]


class Doubt(models.Model):
    """From `from_at` until `until_at` nobody trusts this value of this record's field: a steward found it wrong."""

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")
    field = models.CharField(max_length=20)
    value = models.TextField()
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "customers_doubt"
        constraints = [
            models.UniqueConstraint(
                fields=["record", "field", "value"], condition=Q(until_at=None), name="one_doubt_per_claim"
            )
        ]
