"""Sessions under the hash of their key, tries counted for all processes, and a cache that they share.

Django's own table of sessions, with keys in the clear, goes: everybody signs in once more.
"""

import django.db.models.functions.datetime
from django.db import migrations, models

CACHE = """
create table kernel_cache (
    cache_key varchar(255) primary key,
    value text not null,
    expires timestamptz not null
);
create index kernel_cache_expires on kernel_cache (expires);
drop table if exists django_session;
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                ("session_key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("user_id", models.BigIntegerField(db_index=True, null=True)),
                ("began_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("address", models.CharField(blank=True, default="", max_length=64)),
                ("browser", models.CharField(blank=True, default="", max_length=200)),
            ],
            options={"db_table": "kernel_session"},
        ),
        migrations.CreateModel(
            name="Try",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key_sha256", models.BinaryField(max_length=32)),
                ("tried_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "kernel_try",
                "indexes": [models.Index(fields=["key_sha256", "tried_at"], name="try_by_key")],
            },
        ),
        migrations.RunSQL(CACHE, "drop table kernel_cache"),
    ]
