"""Runs of many series are kept in pieces."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("demand", "0008_sharing"),
    ]

    operations = [
        migrations.CreateModel(
            name="ForecastPiece",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("of", models.CharField(choices=[("numbers", "numbers"), ("snapshot", "snapshot")], max_length=8)),
                ("position", models.PositiveIntegerField()),
                ("archive", models.BinaryField()),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="demand.forecastrun",
                    ),
                ),
            ],
            options={
                "db_table": "demand_forecast_piece",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("of__in", ["numbers", "snapshot"]), ("position__gte", 1)),
                        name="piece_of_run",
                    ),
                    models.UniqueConstraint(fields=("run", "of", "position"), name="one_piece_per_position"),
                ],
            },
        ),
    ]
