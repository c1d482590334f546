"""Templates of contracts: they are of no account, and whoever works here sees them."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("agreements", "0008_needs")]
    operations = [
        migrations.CreateModel(
            name="SetupTemplate",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("thread_id", models.UUIDField()),
                ("name", models.CharField(max_length=80)),
                ("purpose", models.CharField(max_length=500)),
                ("state", models.CharField(default="in use", max_length=12)),
                ("calendar", models.CharField(blank=True, default="", max_length=60)),
                ("pause_reasons", models.JSONField(default=list)),
                ("clauses", models.JSONField()),
                ("guarantees", models.JSONField(default=list)),
                ("proof", models.CharField(max_length=300)),
                ("made_of", models.UUIDField()),
                ("uses", models.JSONField(default=list)),
                ("review_on", models.DateField()),
                ("finding", models.CharField(blank=True, default="", max_length=500)),
                ("retired_because", models.CharField(blank=True, default="", max_length=500)),
                ("made_at", models.DateTimeField()),
                ("made_by_key", models.CharField(max_length=80)),
                ("made_by_name", models.CharField(max_length=200)),
            ],
            options={
                "db_table": "agreements_setup_template",
                "constraints": [
                    models.CheckConstraint(condition=Q(("state__in", ["in use", "retired"])), name="setup_state_known"),
                    models.UniqueConstraint(
                        condition=Q(("state", "in use")), fields=("name",), name="one_setup_per_name"
                    ),
                ],
            },
        ),
    ]
