"""Values of settings by place."""

from django.db import models


class SettingValueRow(models.Model):
    """A value from `starts_at` until before `ends_at`. Only its end and its review date are ever changed.

    `resumes_id` names the value that goes on here after an interruption. The database lets no two values of one key,
    level and place overlap in time (constraint `one_value_at_a_time`).
    """

    key = models.CharField(max_length=120)
    level = models.CharField(max_length=8)
    place = models.TextField(blank=True, default="")
    value = models.JSONField()
    set_by_key = models.CharField(max_length=80)
    set_by_name = models.CharField(max_length=120)
    reason = models.CharField(max_length=500)
    set_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    ended_by_name = models.CharField(max_length=120, blank=True, default="")
    end_reason = models.CharField(max_length=500, blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    review_on = models.DateField(null=True)
    resumes_id = models.BigIntegerField(null=True)
    thread_id = models.UUIDField(db_index=True)

    class Meta:
        db_table = "org_setting_value"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gte=models.F("starts_at")),
                name="setting_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(level="global", place="")
                | (models.Q(level__in=["region", "site", "tier", "account"]) & ~models.Q(place="")),
                name="setting_has_a_place",
            ),
        ]
        indexes = [models.Index(fields=["key", "level", "place", "starts_at"], name="setting_by_place")]
