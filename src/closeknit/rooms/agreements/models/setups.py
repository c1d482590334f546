"""Templates of contracts: set-ups that proved themselves."""

from django.db import models
from django.db.models import Q

from closeknit.rooms.agreements.contracts.setups import SetupState


class SetupTemplate(models.Model):
    """One template (see contracts.SetupCard). Its content is never edited: another one takes its place."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField()
    name = models.CharField(max_length=80)
    purpose = models.CharField(max_length=500)
    state = models.CharField(max_length=12, default=SetupState.IN_USE.value)
    calendar = models.CharField(max_length=60, blank=True, default="")
    pause_reasons = models.JSONField(default=list)
    clauses = models.JSONField()
    guarantees = models.JSONField(default=list)
    proof = models.CharField(max_length=300)
    made_of = models.UUIDField()
    # Versions of contracts that were drafted from it.
    uses = models.JSONField(default=list)
    review_on = models.DateField()
    finding = models.CharField(max_length=500, blank=True, default="")
    retired_because = models.CharField(max_length=500, blank=True, default="")
    made_at = models.DateTimeField()
    made_by_key = models.CharField(max_length=80)
    made_by_name = models.CharField(max_length=200)

    class Meta:
        db_table = "agreements_setup_template"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in SetupState]), name="setup_state_known"
            ),
            models.UniqueConstraint(fields=["name"], condition=Q(state="in use"), name="one_setup_per_name"),
        ]
