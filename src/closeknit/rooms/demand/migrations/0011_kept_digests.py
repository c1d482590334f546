"""Runs keep the digest of each archive, so that a lost or altered one is noticed when it is read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("demand", "0010_look_back"),
    ]

    operations = [
        migrations.AddField(
            model_name="forecastrun",
            name="kept_digests",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
