"""Business calendars: a version is never edited; another begins on a later day."""

from django.db import models


class CalendarRow(models.Model):
    """One version of one calendar (see contracts.BusinessCalendar)."""

    key = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=60, blank=True, default="")
    openings = models.JSONField()
    holidays_of = models.CharField(max_length=12, blank=True, default="")
    closed_on = models.JSONField(default=list)
    from_on = models.DateField()
    set_at = models.DateTimeField()
    set_by_key = models.CharField(max_length=80)
    thread_id = models.UUIDField()

    class Meta:
        db_table = "agreements_calendar"
        constraints = [models.UniqueConstraint(fields=["key", "from_on"], name="one_calendar_version_per_day")]
