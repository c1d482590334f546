"""The day under way, one row per operation, service and region."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("demand", "0006_backtests")]

    operations = [
        migrations.CreateModel(
            name="Intraday",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("operation", models.CharField(max_length=80)),
                ("service", models.TextField(blank=True, default="")),
                ("region", models.TextField(blank=True, default="")),
                ("thread_id", models.UUIDField()),
                ("day_on", models.DateField()),
                ("time_zone", models.CharField(max_length=64)),
                ("seen_until_at", models.DateTimeField()),
                ("refreshed_at", models.DateTimeField()),
                ("expected", models.JSONField()),
                ("came", models.JSONField()),
                ("level_deviation", models.FloatField()),
                ("noise", models.FloatField()),
                ("level", models.FloatField()),
                ("own_weight_share", models.FloatField()),
                ("expected_so_far_units", models.FloatField()),
                ("rest_units", models.FloatField()),
                ("rest_low_units", models.FloatField()),
                ("rest_high_units", models.FloatField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="demand.forecastrun"
                    ),
                ),
            ],
            options={
                "db_table": "demand_intraday",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["operation", "service", "region"], name="one_day_under_way_per_place"
                    )
                ],
            },
        ),
    ]
