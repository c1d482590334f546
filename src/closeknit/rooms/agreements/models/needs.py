"""Needs as accounts state them, and the parameters that they become."""

from django.db import models
from django.db.models import Q

from closeknit.rooms.agreements.contracts.needs import NeedState


class NeedRow(models.Model):
    """One need of one account (see contracts.NeedCard). What was said is never edited; the thread tells every step."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField()
    account_number = models.TextField()
    words = models.CharField(max_length=500)
    heard_in = models.CharField(max_length=200)
    state = models.CharField(max_length=12, default=NeedState.STATED.value)
    # Numbers and names of operations; what people wrote has columns of its own, so that an erasure finds it.
    parameter = models.JSONField(null=True)
    process = models.CharField(max_length=300, blank=True, default="")
    control = models.CharField(max_length=300, blank=True, default="")
    owner_key = models.CharField(max_length=80, blank=True, default="")
    owner_name = models.CharField(max_length=200, blank=True, default="")
    review_on = models.DateField(null=True)
    finding = models.CharField(max_length=500, blank=True, default="")
    agreed_with = models.CharField(max_length=200, blank=True, default="")
    version_id = models.UUIDField(null=True)
    dropped_because = models.CharField(max_length=500, blank=True, default="")
    stated_at = models.DateTimeField()
    stated_by_key = models.CharField(max_length=80)
    stated_by_name = models.CharField(max_length=200)
    moved_at = models.DateTimeField()

    class Meta:
        db_table = "agreements_need"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in NeedState]), name="need_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["stated", "dropped"]) | Q(parameter__isnull=False, review_on__isnull=False),
                name="need_measurable_has_parameter",
            ),
        ]
        indexes = [models.Index(fields=["account_number", "stated_at"], name="need_by_account")]
