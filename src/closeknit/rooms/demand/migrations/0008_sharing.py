"""Agreements to share forecasts, and the log of every export."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("demand", "0007_intraday"),
    ]

    operations = [
        migrations.CreateModel(
            name="SharingAgreement",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("thread_id", models.UUIDField()),
                ("partner", models.CharField(max_length=200)),
                ("operation", models.CharField(max_length=80)),
                ("purpose", models.TextField()),
                ("detail", models.CharField(max_length=20)),
                ("period", models.CharField(max_length=10)),
                ("fields", models.JSONField()),
                ("from_on", models.DateField()),
                ("until_on", models.DateField()),
                ("least_accounts", models.PositiveSmallIntegerField()),
                ("agreed_at", models.DateTimeField()),
                ("agreed_by_key", models.CharField(max_length=80)),
                ("agreed_by_name", models.CharField(max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by_name", models.CharField(blank=True, default="", max_length=200)),
                ("end_reason", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "demand_sharing_agreement",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until_on__gt", models.F("from_on"))), name="sharing_has_days"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("least_accounts__gte", 5)), name="sharing_hides_accounts"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SharingAccessRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("by_key", models.CharField(max_length=80)),
                ("by_name", models.CharField(max_length=200)),
                ("way", models.CharField(max_length=10)),
                ("cells", models.PositiveIntegerField()),
                ("withheld", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="demand.forecastrun"
                    ),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="demand.sharingagreement"
                    ),
                ),
            ],
            options={
                "db_table": "demand_sharing_access",
                "indexes": [models.Index(fields=["agreement", "-at"], name="sharing_newest")],
            },
        ),
    ]
