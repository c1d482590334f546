"""Breaches, each noted once, and one thread for the clocks of an account and day; seen with their account."""

from django.db import migrations, models

TABLES = ("agreements_clock_breach", "agreements_clock_day")
FORWARD = "".join(
    f"""
create policy row_security on {table} using (
    (select org_sees_all()) or (account_number = '' and (select org_has_scope()))
    or account_number in (select account_number from org_account_place)
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
    dependencies = [("agreements", "0005_more_row_security"), ("org", "0005_row_security")]
    operations = [
        migrations.CreateModel(
            name="ClockBreach",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("operation", models.CharField(max_length=80)),
                ("work_key", models.TextField()),
                ("measure", models.CharField(max_length=20)),
                ("term_number", models.TextField()),
                ("account_number", models.TextField(blank=True, default="")),
                ("breached_at", models.DateTimeField()),
                ("noted_at", models.DateTimeField()),
                ("thread_id", models.UUIDField()),
            ],
            options={
                "db_table": "agreements_clock_breach",
                "indexes": [models.Index(fields=["account_number", "breached_at"], name="breach_by_account")],
                "constraints": [
                    models.UniqueConstraint(fields=("operation", "work_key", "measure"), name="one_breach_per_clock")
                ],
            },
        ),
        migrations.CreateModel(
            name="ClockDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_number", models.TextField(blank=True, default="")),
                ("day", models.DateField()),
                ("thread_id", models.UUIDField()),
            ],
            options={
                "db_table": "agreements_clock_day",
                "constraints": [
                    models.UniqueConstraint(fields=("account_number", "day"), name="one_clock_thread_per_day")
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
