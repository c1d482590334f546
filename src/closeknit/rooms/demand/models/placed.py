"""The columns that say which part of the demand a row is about."""

from django.db import models

from closeknit.rooms.demand.contracts.adjustments import AdjustedPlace


class PlacedRow(models.Model):
    """A row about one part of the demand; "" in a column means any."""

    service = models.TextField(blank=True, default="")
    region = models.TextField(blank=True, default="")
    work_class = models.TextField(blank=True, default="")
    tier = models.TextField(blank=True, default="")
    account_number = models.TextField(blank=True, default="")

    class Meta:
        abstract = True

    @property
    def place(self) -> AdjustedPlace:
        """Which part of the demand it is about."""
        return AdjustedPlace(self.service, self.region, self.work_class, self.tier, self.account_number)
