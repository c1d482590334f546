"""When each operation was last looked back at by the clock."""

from django.db import models


class LookBack(models.Model):
    """The last time that an operation's forecasts were due for a look back because a week had passed."""

    operation = models.CharField(max_length=80, unique=True)
    called_at = models.DateTimeField()

    class Meta:
        db_table = "demand_look_back"
