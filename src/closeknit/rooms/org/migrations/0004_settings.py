from django.db import migrations, models

# A range of text compares whole texts by GiST without any extension.
FORWARD = """
create type org_text_range as range (subtype = text, collation = "C");
alter table org_setting_value add constraint one_value_at_a_time exclude using gist (
    org_text_range(key, key, '[]') with =,
    org_text_range(level, level, '[]') with =,
    org_text_range(place, place, '[]') with =,
    tstzrange(starts_at, ends_at, '[)') with &&
);
"""
BACKWARD = """
alter table org_setting_value drop constraint one_value_at_a_time;
drop type org_text_range;
"""


class Migration(migrations.Migration):
    dependencies = [("org", "0003_sign_in")]
    operations = [
        migrations.CreateModel(
            name="SettingValueRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=120)),
                ("level", models.CharField(max_length=8)),
                ("place", models.TextField(blank=True, default="")),
                ("value", models.JSONField()),
                ("set_by_key", models.CharField(max_length=80)),
                ("set_by_name", models.CharField(max_length=120)),
                ("reason", models.CharField(max_length=500)),
                ("set_at", models.DateTimeField()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("ended_by_name", models.CharField(blank=True, default="", max_length=120)),
                ("end_reason", models.CharField(blank=True, default="", max_length=500)),
                ("ended_at", models.DateTimeField(null=True)),
                ("review_on", models.DateField(null=True)),
                ("resumes_id", models.BigIntegerField(null=True)),
                ("thread_id", models.UUIDField(db_index=True)),
            ],
            options={
                "db_table": "org_setting_value",
                "indexes": [models.Index(fields=["key", "level", "place", "starts_at"], name="setting_by_place")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__isnull", True), ("ends_at__gte", models.F("starts_at")), _connector="OR"),
                        name="setting_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("level", "global"), ("place", "")),
                            models.Q(("level__in", ["region", "site", "tier", "account"]), models.Q(("place", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="setting_has_a_place",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
