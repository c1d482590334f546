"""How pages look to a person, in every browser."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("org", "0007_saved_views")]

    operations = [
        migrations.CreateModel(
            name="Look",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="org.person",
                    ),
                ),
                ("theme", models.CharField(blank=True, default="", max_length=10)),
                ("density", models.CharField(blank=True, default="", max_length=10)),
            ],
            options={
                "db_table": "org_look",
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(theme__in=["", "light", "dark"], density__in=["", "compact", "roomy"]),
                        name="look_is_known",
                    )
                ],
            },
        ),
    ]
