"""Bends of promises, seen with their account."""

import django.db.models.expressions
from django.db import migrations, models
from django.db.models import Q

TABLES = ("agreements_bend",)
FORWARD = "".join(
    f"""
create policy row_security on {table} using (
    (select org_sees_all()) or account_number in (select account_number from org_account_place)
) with check (true);
alter table {table} enable row level security, force row level security;
"""
    for table in TABLES
)
BACKWARD = "".join(
    f"""
alter table {table} disable row level security, no force row level security;
drop policy row_security on {table};
"""
    for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [("agreements", "0006_clock_breaches"), ("org", "0005_row_security")]
    operations = [
        migrations.CreateModel(
            name="BendRow",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("thread_id", models.UUIDField()),
                ("exception_id", models.UUIDField(unique=True)),
                ("account_number", models.TextField()),
                ("term_number", models.TextField()),
                ("stretch_share", models.FloatField()),
                ("request", models.CharField(max_length=200)),
                ("reason", models.CharField(max_length=2000)),
                ("worth", models.DecimalField(decimal_places=2, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                ("starts_on", models.DateField()),
                ("until_on", models.DateField()),
                ("asked_at", models.DateTimeField()),
                ("asked_by_key", models.CharField(max_length=80)),
            ],
            options={
                "db_table": "agreements_bend",
                "indexes": [models.Index(fields=["account_number", "starts_on"], name="bend_by_account")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("stretch_share__gt", 0), ("stretch_share__lte", 1)), name="bend_stretch_sane"
                    ),
                    models.CheckConstraint(
                        condition=Q(("until_on__gte", django.db.models.expressions.F("starts_on"))),
                        name="bend_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
