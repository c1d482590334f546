"""Who answers for which data, and which departments do not get which fields."""

from django.db import models
from django.db.models import F, Q

from closeknit.rooms.org.models.people import Person


class Stewardship(models.Model):
    """A steward from `starts_at` until before `ends_at`. Only the end and its reason are ever changed.

    The database lets no two of one domain, field, level and place overlap (constraint `one_steward_at_a_time`).
    """

    domain = models.CharField(max_length=40)
    field = models.CharField(max_length=80, blank=True, default="")
    level = models.CharField(max_length=8)
    place = models.TextField(blank=True, default="")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500)
    appointed_by_key = models.CharField(max_length=80)
    appointed_by_name = models.CharField(max_length=120)
    appointed_at = models.DateTimeField()
    end_reason = models.CharField(max_length=500, blank=True, default="")
    thread_id = models.UUIDField(db_index=True)

    class Meta:
        db_table = "org_stewardship"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")), name="steward_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(level="global", place="") | (Q(level__in=["region", "site"]) & ~Q(place="")),
                name="steward_has_a_place",
            ),
        ]
        indexes = [models.Index(fields=["domain", "field"], name="steward_by_subject")]


class DepartmentSharing(models.Model):
    """A department does not get a domain's fields from `starts_at` until before `ends_at`."""

    domain = models.CharField(max_length=40)
    field = models.CharField(max_length=80, blank=True, default="")
    department = models.CharField(max_length=20)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500)
    set_by_key = models.CharField(max_length=80)
    set_by_name = models.CharField(max_length=120)
    set_at = models.DateTimeField()
    end_reason = models.CharField(max_length=500, blank=True, default="")
    thread_id = models.UUIDField(db_index=True)

    class Meta:
        db_table = "org_department_sharing"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")), name="sharing_ends_after_start"
            ),
            models.UniqueConstraint(
                fields=["domain", "field", "department"], condition=Q(ends_at=None), name="one_open_sharing_rule"
            ),
        ]
