"""Forecast runs: immutable, with their numbers and the snapshot digest they stand on."""

from django.db import models

from closeknit.rooms.demand.contracts import RunPurpose


class ForecastRun(models.Model):
    """One forecast of one operation.

    `numbers` is the first compressed archive of its arrays (see compute.pack_pieces), `snapshot` the first of all that
    it was made from (see compute.pack_inputs_pieces; empty in runs of before it was kept); further ones of large runs
    are ForecastPieces. `kept_digests` lists the SHA-256 of the archives of numbers in their order, by which a lost or
    altered one is noticed (empty in runs of before; the snapshot has its own digest).
    `adjustments` is what people's changes came to. The run in force is the one that stands since last: an earlier one
    stands again when a change is taken back.
    """

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    operation = models.CharField(max_length=80)
    purpose = models.CharField(max_length=12, default=RunPurpose.PLAN.value)
    scenario = models.CharField(max_length=80, default="", blank=True)
    grains = models.JSONField()
    time_zone = models.CharField(max_length=64)
    first_on = models.DateField()
    weeks = models.PositiveSmallIntegerField()
    horizon_days = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    stands_since_at = models.DateTimeField()
    data_until_at = models.DateTimeField()
    snapshot_digest = models.CharField(max_length=64)
    result_digest = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)
    series_count = models.PositiveIntegerField()
    wape_share = models.FloatField(null=True)
    interval_coverage_share = models.FloatField(null=True)
    bias_share = models.FloatField(null=True)
    frozen_until_on = models.DateField(null=True)
    horizon_reason = models.TextField(default="", blank=True)
    adjustments = models.JSONField(default=list)
    kept_digests = models.JSONField(default=dict, blank=True)
    numbers = models.BinaryField()
    snapshot = models.BinaryField(default=b"")

    class Meta:
        db_table = "demand_forecast_run"
        constraints = [
            models.UniqueConstraint(
                fields=["operation", "snapshot_digest", "code_version", "purpose", "scenario"],
                name="one_run_per_snapshot",
            )
        ]
        indexes = [models.Index(fields=["operation", "purpose", "-stands_since_at"], name="run_newest")]


class ForecastPiece(models.Model):
    """A further archive of a run of many series: of its numbers or of its snapshot, in their order from 1."""

    run = models.ForeignKey(ForecastRun, on_delete=models.PROTECT, related_name="+", db_index=False)
    of = models.CharField(max_length=8, choices=[("numbers", "numbers"), ("snapshot", "snapshot")])
    position = models.PositiveIntegerField()
    archive = models.BinaryField()

    class Meta:
        db_table = "demand_forecast_piece"
        constraints = [
            models.UniqueConstraint(fields=["run", "of", "position"], name="one_piece_per_position"),
            models.CheckConstraint(
                condition=models.Q(of__in=["numbers", "snapshot"], position__gte=1), name="piece_of_run"
            ),
        ]
