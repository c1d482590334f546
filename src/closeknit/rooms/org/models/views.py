"""Views of lists that people keep, and how pages look to them."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from closeknit.rooms.org.models.people import Person


class SavedView(models.Model):
    """A list with its filters, order and columns, under a person's own name for it."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    place = models.CharField(max_length=60)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "org_saved_view"
        indexes = [models.Index(fields=["person", "place"], name="saved_view_of_person")]


class Look(models.Model):
    """How pages look to a person, in every browser: the theme, and the density of rows."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="+")
    theme = models.CharField(max_length=10, blank=True, default="")
    density = models.CharField(max_length=10, blank=True, default="")

    class Meta:
        db_table = "org_look"
        constraints = [
            models.CheckConstraint(
                condition=Q(theme__in=["", "light", "dark"], density__in=["", "compact", "roomy"]), name="look_is_known"
            )
        ]
