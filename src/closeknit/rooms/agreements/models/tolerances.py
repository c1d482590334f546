"""Tolerances: promises that may bend for a high-value request. Whether one holds, the exceptions register says."""

from django.db import models
from django.db.models import F, Q


class BendRow(models.Model):
    """One bend of one term for one account (see contracts.BendCard). Never edited; its exception is ended instead."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField()
    exception_id = models.UUIDField(unique=True)
    account_number = models.TextField()
    term_number = models.TextField()
    stretch_share = models.FloatField()
    request = models.CharField(max_length=200)
    reason = models.CharField(max_length=2000)
    worth = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    starts_on = models.DateField()
    until_on = models.DateField()
    asked_at = models.DateTimeField()
    asked_by_key = models.CharField(max_length=80)

    class Meta:
        db_table = "agreements_bend"
        constraints = [
            models.CheckConstraint(condition=Q(stretch_share__gt=0, stretch_share__lte=1), name="bend_stretch_sane"),
            models.CheckConstraint(condition=Q(until_on__gte=F("starts_on")), name="bend_ends_after_start"),
        ]
        indexes = [models.Index(fields=["account_number", "starts_on"], name="bend_by_account")]
