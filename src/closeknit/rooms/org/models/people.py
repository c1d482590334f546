"""People, their grants, delegations and absences."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from closeknit.kernel import ids
from closeknit.rooms.org.models.places import Team


class Person(models.Model):
    """What a signed-in user is to us: the roles it holds."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    roles = models.JSONField(default=list)

    class Meta:
        db_table = "org_person"


class Grant(models.Model):
    """Accounts that a person's roles reach: every part that is given must match the account's place."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="+")
    region = models.TextField(blank=True, default="")
    account_number = models.TextField(blank=True, default="")

    class Meta:
        db_table = "org_grant"
        constraints = [
            models.CheckConstraint(
                condition=Q(team__isnull=False) | ~Q(region="") | ~Q(account_number=""), name="grant_gives_something"
            ),
            models.UniqueConstraint(
                fields=["person", "team", "region", "account_number"], name="grant_once", nulls_distinct=False
            ),
        ]


class RightsChangeRow(models.Model):
    """One change of a person's rights, as they were and as they are since; kept for good."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    changed_by_key = models.CharField(max_length=120)
    changed_at = models.DateTimeField(db_default=Now())
    reason = models.TextField(blank=True, default="")
    before = models.JSONField(null=True)
    after = models.JSONField()

    class Meta:
        db_table = "org_rights_change"
        indexes = [models.Index(fields=["person", "-changed_at"], name="rights_change_by_person")]


class Delegation(models.Model):
    """Rights lent from `starts_at` until before `ends_at`, or `ended_at`. Permissions null: all that can be lent."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    lender = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    borrower = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    permissions = models.JSONField(null=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.TextField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "org_delegation"
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="delegation_has_length"),
            models.CheckConstraint(condition=~Q(lender=F("borrower")), name="delegation_to_another"),
        ]
        indexes = [models.Index(fields=["borrower", "ends_at"], name="delegation_by_borrower")]


class Absence(models.Model):
    """A person is away from `starts_at` until before `ends_at`, or `ended_at`."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "org_absence"
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="absence_has_length")]
        indexes = [models.Index(fields=["ends_at", "starts_at"], name="absence_by_end")]
