"""What a plan found, kept whole beside it: pages that need more of it than its rows do not plan again."""

from django.db import models

from closeknit.rooms.capacity.models.plans import Plan


class KeptResult(models.Model):
    """One plan's numbers, as `compute.kept` packs them. A plan without one is planned again where they are needed."""

    plan = models.OneToOneField(Plan, on_delete=models.CASCADE, primary_key=True, related_name="+")
    packed = models.BinaryField()

    class Meta:
        db_table = "capacity_kept_result"
