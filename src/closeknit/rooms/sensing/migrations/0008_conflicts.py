"""Where two feeds disagree on what a field is."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sensing", "0007_work_has_its_batch"),
    ]

    operations = [
        migrations.CreateModel(
            name="Conflict",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("thread_id", models.UUIDField(db_index=True)),
                ("kind", models.CharField(max_length=12)),
                ("target", models.CharField(max_length=100)),
                ("field", models.CharField(max_length=200)),
                ("one_says", models.TextField()),
                ("other_says", models.TextField()),
                ("sentence", models.TextField()),
                ("rule", models.TextField()),
                ("state", models.CharField(max_length=10)),
                ("steward_key", models.CharField(blank=True, default="", max_length=80)),
                ("steward_name", models.CharField(blank=True, default="", max_length=120)),
                ("found_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("settled_by_name", models.CharField(blank=True, default="", max_length=120)),
                ("settled_at", models.DateTimeField(null=True)),
                ("settled_why", models.CharField(blank=True, default="", max_length=500)),
                (
                    "one_feed",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sensing.feed"
                    ),
                ),
                (
                    "other_feed",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sensing.feed"),
                ),
            ],
            options={
                "db_table": "sensing_conflict",
                "indexes": [models.Index(fields=["state", "due_at"], name="conflict_due")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "reconciled"), _negated=True),
                        fields=("one_feed", "other_feed", "kind", "target", "field"),
                        name="one_open_conflict_per_field",
                    )
                ],
            },
        ),
    ]
