"""Needs on their way to promises, seen with their account."""

from django.db import migrations, models
from django.db.models import Q

FORWARD = """
create policy row_security on agreements_need using (
    (select org_sees_all()) or account_number in (select account_number from org_account_place)
) with check (true);
alter table agreements_need enable row level security, force row level security;
"""
BACKWARD = """
alter table agreements_need disable row level security, no force row level security;
drop policy row_security on agreements_need;
"""


class Migration(migrations.Migration):
    dependencies = [("agreements", "0007_tolerances"), ("org", "0005_row_security")]
    operations = [
        migrations.CreateModel(
            name="NeedRow",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("thread_id", models.UUIDField()),
                ("account_number", models.TextField()),
                ("words", models.CharField(max_length=500)),
                ("heard_in", models.CharField(max_length=200)),
                ("state", models.CharField(default="stated", max_length=12)),
                ("parameter", models.JSONField(null=True)),
                ("process", models.CharField(blank=True, default="", max_length=300)),
                ("control", models.CharField(blank=True, default="", max_length=300)),
                ("owner_key", models.CharField(blank=True, default="", max_length=80)),
                ("owner_name", models.CharField(blank=True, default="", max_length=200)),
                ("review_on", models.DateField(null=True)),
                ("finding", models.CharField(blank=True, default="", max_length=500)),
                ("agreed_with", models.CharField(blank=True, default="", max_length=200)),
                ("version_id", models.UUIDField(null=True)),
                ("dropped_because", models.CharField(blank=True, default="", max_length=500)),
                ("stated_at", models.DateTimeField()),
                ("stated_by_key", models.CharField(max_length=80)),
                ("stated_by_name", models.CharField(max_length=200)),
                ("moved_at", models.DateTimeField()),
            ],
            options={
                "db_table": "agreements_need",
                "indexes": [models.Index(fields=["account_number", "stated_at"], name="need_by_account")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(
                            ("state__in", ["stated", "measurable", "agreed", "proposed", "promised", "dropped"])
                        ),
                        name="need_state_known",
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            ("state__in", ["stated", "dropped"]),
                            Q(("parameter__isnull", False), ("review_on__isnull", False)),
                            _connector="OR",
                        ),
                        name="need_measurable_has_parameter",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
