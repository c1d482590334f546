"""Scenarios: named sets of changes on a plan, and what they came to. Totals over all accounts."""

from django.db import models

from closeknit.rooms.capacity.models.plans import Plan


class Scenario(models.Model):
    """One scenario, as it was computed. `changes` is what is changed; `outcome` what it came to."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    operation = models.CharField(max_length=80)
    name = models.CharField(max_length=120)
    preset = models.CharField(max_length=20, blank=True, default="")
    changes = models.JSONField()
    share_of_tier = models.JSONField(default=list)
    outcome = models.JSONField()
    made_at = models.DateTimeField()
    made_by_key = models.CharField(max_length=80)
    made_by_name = models.CharField(max_length=120)
    inputs_digest = models.CharField(max_length=64)
    result_digest = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)

    class Meta:
        db_table = "capacity_scenario"
        constraints = [models.UniqueConstraint(fields=["plan", "name"], name="one_scenario_per_name")]
        indexes = [models.Index(fields=["plan", "-made_at"], name="scenario_newest")]
