"""How well accounts are known, week by week, and the criteria for it. Nothing here is ever changed."""

from django.db import models


class IntimacyCriteriaRow(models.Model):
    """Criteria that were adopted: a version means one text for all time."""

    version = models.CharField(max_length=60, unique=True)
    text = models.TextField()
    adopted_by = models.CharField(max_length=120)
    adopted_at = models.DateTimeField()
    reason = models.TextField()
    thread_id = models.UUIDField()

    class Meta:
        db_table = "customers_intimacy_criteria"


class IntimacyRowKept(models.Model):
    """One account's index as of a day, with its domains' as they were explained then."""

    account_number = models.TextField()
    as_of_on = models.DateField()
    criteria_version = models.CharField(max_length=60)
    points = models.DecimalField(max_digits=5, decimal_places=1)
    domains = models.JSONField()

    class Meta:
        db_table = "customers_intimacy"
        constraints = [
            models.UniqueConstraint(fields=["account_number", "as_of_on"], name="one_intimacy_a_day"),
            models.CheckConstraint(
                condition=models.Q(points__gte=0, points__lte=100), name="intimacy_between_0_and_100"
            ),
        ]
        indexes = [models.Index(fields=["-as_of_on", "points", "account_number"], name="intimacy_by_points")]
