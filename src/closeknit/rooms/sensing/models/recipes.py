"""Every version of every feed's recipe, and a few rows of each stream's last load to try a new one on."""

from django.db import models

from closeknit.rooms.sensing.models.feeds import Batch, Feed


class RecipeVersion(models.Model):
    """One version of a feed's recipe. Never changed: loads refer to it."""

    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.CharField(max_length=12)
    text = models.TextField()
    saved_by_key = models.CharField(max_length=80)
    saved_by_name = models.CharField(max_length=120)
    saved_at = models.DateTimeField()
    why = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        db_table = "sensing_recipe_version"
        constraints = [models.UniqueConstraint(fields=["feed", "version"], name="one_text_per_recipe_version")]


class SampleRows(models.Model):
    """The first rows of a stream's last load, as they came, without private columns: replaced by the next load."""

    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="+", db_index=False)
    stream = models.CharField(max_length=80)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+")
    source_name = models.CharField(max_length=300)
    columns = models.JSONField()
    rows = models.JSONField()

    class Meta:
        db_table = "sensing_sample"
        constraints = [models.UniqueConstraint(fields=["feed", "stream"], name="one_sample_per_stream")]
