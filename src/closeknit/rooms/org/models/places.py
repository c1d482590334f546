"""Teams, and where accounts belong."""

from django.db import models


class Team(models.Model):
    """A group of people that looks after accounts."""

    name = models.CharField(max_length=120, unique=True)

    class Meta:
        db_table = "org_team"


class AccountPlace(models.Model):
    """Where an account belongs now: the one table that every scope filter and row policy compares with."""

    account_number = models.TextField(primary_key=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    region = models.TextField(blank=True, default="")

    class Meta:
        db_table = "org_account_place"
        constraints = [models.CheckConstraint(condition=~models.Q(account_number=""), name="place_of_an_account")]
        indexes = [models.Index(fields=["region"], name="place_by_region")]
