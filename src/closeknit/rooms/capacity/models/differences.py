"""Where sales' projections and committed capacity disagree."""

from django.db import models
from django.db.models import Q

from closeknit.rooms.capacity.models.plans import Plan


class PipelineDifference(models.Model):
    """A pool's week of a plan in force that sales' projections do not fit. `owner_key` is a person's, or a role's."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    operation = models.CharField(max_length=80)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    pool = models.CharField(max_length=120)
    pool_name = models.CharField(max_length=200)
    week_on = models.DateField()
    committed_hours = models.FloatField()
    need_hours = models.FloatField()
    counted_hours = models.FloatField()
    pipeline_hours = models.FloatField()
    state = models.CharField(max_length=10, default="open")
    owner_key = models.CharField(max_length=80)
    owner_name = models.CharField(max_length=120)
    raised_at = models.DateTimeField()
    due_on = models.DateField()
    resolution = models.CharField(max_length=20, blank=True, default="")
    resolution_text = models.TextField(blank=True, default="")
    settled_by_key = models.CharField(max_length=80, blank=True, default="")
    settled_by_name = models.CharField(max_length=120, blank=True, default="")
    settled_at = models.DateTimeField(null=True)
    actual_hours = models.FloatField(null=True)
    measured_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "capacity_pipeline_difference"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["open", "settled", "gone"]), name="difference_state_known"),
            models.UniqueConstraint(
                fields=["operation", "pool", "week_on"], condition=Q(state="open"), name="one_open_difference"
            ),
            models.CheckConstraint(
                condition=(Q(state="settled") & ~Q(resolution="") & ~Q(resolution_text=""))
                | (~Q(state="settled") & Q(resolution="")),
                name="difference_settled_with_words",
            ),
        ]
        indexes = [models.Index(fields=["operation", "state", "week_on"], name="difference_by_week")]
