"""Pools, rosters, plans and their weeks."""

from django.db import models

from closeknit.rooms.org.contracts import SettingPlace


class Pool(models.Model):
    """A group of interchangeable resources, as its source last stated it."""

    pool = models.CharField(max_length=120, unique=True)
    name = models.CharField(max_length=200)
    operation = models.CharField(max_length=80, db_index=True)
    services = models.JSONField()
    regions = models.JSONField()
    site = models.CharField(max_length=120, blank=True, default="")
    unit = models.CharField(max_length=40)
    staffing = models.CharField(max_length=10)
    handle_minutes = models.FloatField()
    shrinkage_parts = models.JSONField()
    cost_per_hour = models.DecimalField(max_digits=12, decimal_places=4)
    overtime_cost_per_hour = models.DecimalField(max_digits=12, decimal_places=4)
    overtime_share_max = models.FloatField()
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64)
    is_assumed = models.BooleanField()

    class Meta:
        db_table = "capacity_pool"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(handle_minutes__gt=0) & models.Q(handle_minutes__lt=100000),
                name="pool_handle_minutes_sane",
            ),
            models.CheckConstraint(
                condition=models.Q(cost_per_hour__gte=0) & models.Q(cost_per_hour__lt="1e7"), name="pool_cost_sane"
            ),
        ]

    @property
    def setting_place(self) -> SettingPlace:
        """Where its settings are asked for: its site, and its region where it serves one only."""
        regions = [region for region in self.regions if region != "*"]
        return SettingPlace(region=regions[0] if len(self.regions) == 1 and regions else "", site=self.site)


class RosterLine(models.Model):
    """Heads of a pool on one weekday between two wall-clock times, from a day on (to_on exclusive)."""

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="+")
    weekday = models.PositiveSmallIntegerField()
    starts_minute = models.PositiveSmallIntegerField()
    ends_minute = models.PositiveSmallIntegerField()
    headcount = models.FloatField()
    from_on = models.DateField()
    to_on = models.DateField(null=True)

    class Meta:
        db_table = "capacity_roster_line"
        constraints = [
            models.UniqueConstraint(fields=["pool", "weekday", "starts_minute", "from_on"], name="one_roster_line"),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="roster_weekday"),
            models.CheckConstraint(
                condition=models.Q(starts_minute__lt=models.F("ends_minute")) & models.Q(ends_minute__lte=1440),
                name="roster_within_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(headcount__gte=0) & models.Q(headcount__lt=1e6), name="roster_headcount_sane"
            ),
        ]


class Closure(models.Model):
    """A day on which nobody works in a region, as its source states it."""

    region = models.CharField(max_length=120)
    closed_on = models.DateField()
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        db_table = "capacity_closure"
        constraints = [models.UniqueConstraint(fields=["region", "closed_on"], name="one_closure_per_day")]


class Plan(models.Model):
    """One plan. `snapshot` holds every input of the computation, `cells` its numbers per pool and period."""

    class State(models.TextChoices):
        DRAFT = "draft"
        COMMITTED = "committed"
        SUPERSEDED = "superseded"
        REJECTED = "rejected"

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    operation = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    first_on = models.DateField()
    weeks = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    made_by_name = models.CharField(max_length=120)
    committed_at = models.DateTimeField(null=True)
    forecast_run_id = models.UUIDField()
    planning_quantile = models.FloatField()
    need_hours = models.FloatField()
    served_hours = models.FloatField()
    short_hours = models.FloatField()
    overtime_hours = models.FloatField()
    overtime_cost = models.DecimalField(max_digits=18, decimal_places=2)
    shortfall_cost = models.DecimalField(max_digits=18, decimal_places=2)
    regular_cost = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    accounts_short = models.PositiveIntegerField()
    top_tier_accounts_short = models.PositiveIntegerField()
    optimality_gap = models.FloatField()
    assumptions = models.JSONField(default=list)
    snapshot_digest = models.CharField(max_length=64)
    result_digest = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)
    snapshot = models.BinaryField()
    cells = models.BinaryField()
    # Who brings how much of what is planned by tier: only to decide which totals tell too much of whom.
    members = models.BinaryField(default=bytes)

    class Meta:
        db_table = "capacity_plan"
        constraints = [
            models.UniqueConstraint(
                fields=["operation"], condition=models.Q(state="committed"), name="one_committed_plan_per_operation"
            ),
            models.UniqueConstraint(
                fields=["operation", "snapshot_digest", "code_version"],
                condition=models.Q(state__in=["draft", "committed"]),
                name="one_live_plan_per_snapshot",
            ),
        ]
        indexes = [models.Index(fields=["operation", "-made_at"], name="plan_newest")]


class PoolWeekRow(models.Model):
    """One pool in one week of a plan."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="+")
    pool = models.CharField(max_length=120)
    pool_name = models.CharField(max_length=200)
    unit = models.CharField(max_length=40)
    week_on = models.DateField()
    need_hours = models.FloatField()
    capacity_hours = models.FloatField()
    served_hours = models.FloatField()
    short_hours = models.FloatField()
    overtime_hours = models.FloatField()
    peak_need_units = models.PositiveIntegerField()
    price_per_hour = models.DecimalField(max_digits=14, decimal_places=4)
    one_more_unit_worth = models.DecimalField(max_digits=14, decimal_places=2)
    one_less_unit_cost = models.DecimalField(max_digits=14, decimal_places=2)
    binding_term = models.CharField(max_length=200, blank=True, default="")
    sentence = models.TextField()

    class Meta:
        db_table = "capacity_pool_week"
        constraints = [models.UniqueConstraint(fields=["plan", "pool", "week_on"], name="one_row_per_pool_week")]


class ClaimWeekRow(models.Model):
    """What one account of a top tier, or the rest of a tier together, needs and gets from a pool in a week."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="+")
    pool = models.CharField(max_length=120)
    week_on = models.DateField()
    tier = models.CharField(max_length=20)
    account_number = models.CharField(max_length=80, blank=True, default="")
    team = models.ForeignKey("org.Team", on_delete=models.PROTECT, null=True, related_name="+")
    need_hours = models.FloatField()
    served_hours = models.FloatField()
    short_hours = models.FloatField()
    shortfall_cost = models.DecimalField(max_digits=14, decimal_places=2)
    term = models.CharField(max_length=200, blank=True, default="")
    sentence = models.TextField()

    class Meta:
        db_table = "capacity_claim_week"
        indexes = [
            models.Index(fields=["plan", "account_number", "week_on"], name="claim_by_account"),
            models.Index(fields=["plan", "-short_hours"], name="claim_short", condition=models.Q(short_hours__gt=0)),
        ]
