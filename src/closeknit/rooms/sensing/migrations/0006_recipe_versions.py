"""Every version of each recipe, and the first rows of each stream's last load."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
insert into sensing_recipe_version (feed_id, version, text, saved_by_key, saved_by_name, saved_at, why)
select id, recipe_version, recipe_text, 'system', 'Closeknit', created_at, 'The version of when versions began.'
  from sensing_feed;
create policy row_security on sensing_sample using ((select org_sees_all())) with check (true);
alter table sensing_sample enable row level security, force row level security;
"""
BACKWARD = """
alter table sensing_sample disable row level security, no force row level security;
drop policy row_security on sensing_sample;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sensing", "0005_mended_rows"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecipeVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.CharField(max_length=12)),
                ("text", models.TextField()),
                ("saved_by_key", models.CharField(max_length=80)),
                ("saved_by_name", models.CharField(max_length=120)),
                ("saved_at", models.DateTimeField()),
                ("why", models.CharField(blank=True, default="", max_length=500)),
                (
                    "feed",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sensing.feed"
                    ),
                ),
            ],
            options={
                "db_table": "sensing_recipe_version",
                "constraints": [
                    models.UniqueConstraint(fields=("feed", "version"), name="one_text_per_recipe_version")
                ],
            },
        ),
        migrations.CreateModel(
            name="SampleRows",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stream", models.CharField(max_length=80)),
                ("source_name", models.CharField(max_length=300)),
                ("columns", models.JSONField()),
                ("rows", models.JSONField()),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sensing.batch"
                    ),
                ),
                (
                    "feed",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sensing.feed"
                    ),
                ),
            ],
            options={
                "db_table": "sensing_sample",
                "constraints": [models.UniqueConstraint(fields=("feed", "stream"), name="one_sample_per_stream")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
