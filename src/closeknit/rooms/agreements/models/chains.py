"""Internal agreements: how departments share the time of a promise. A change ends a version and begins another."""

from django.db import models
from django.db.models import Q


class ChainRow(models.Model):
    """One version of one chain of departments (see contracts.Chain)."""

    chain_id = models.UUIDField()
    thread_id = models.UUIDField()
    name = models.CharField(max_length=120)
    operation = models.CharField(max_length=80)
    service = models.CharField(max_length=80, blank=True, default="")
    work_class = models.CharField(max_length=80, blank=True, default="")
    measure = models.CharField(max_length=20)
    clock = models.CharField(max_length=10)
    steps = models.JSONField()
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    set_by_key = models.CharField(max_length=80)

    class Meta:
        db_table = "agreements_chain"
        constraints = [
            models.UniqueConstraint(fields=["chain_id"], condition=Q(until_at=None), name="one_chain_in_force"),
            models.UniqueConstraint(
                fields=["operation", "service", "work_class", "measure"],
                condition=Q(until_at=None),
                name="one_chain_per_promise",
            ),
        ]
