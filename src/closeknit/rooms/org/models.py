"""People, teams and API tokens."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Team(models.Model):
    """A group of people that looks after accounts; the unit of account scope."""

    name = models.CharField(max_length=120, unique=True)

    class Meta:
        db_table = "org_team"


class Person(models.Model):
    """What a signed-in user is to us: roles, and teams whose accounts it may see."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    roles = models.JSONField(default=list)
    teams = models.ManyToManyField(Team, related_name="+")

    class Meta:
        db_table = "org_person"


class ApiToken(models.Model):
    """A program's key to the API, acting as a person. Only its SHA-256 is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    label = models.CharField(max_length=120)
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "org_api_token"
