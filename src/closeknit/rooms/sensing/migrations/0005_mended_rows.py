"""What became of refused rows, and what they were mended to."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sensing", "0004_connectors"),
    ]

    operations = [
        migrations.AddField(
            model_name="quarantinedrow",
            name="mended",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="quarantinedrow",
            name="mended_by_version",
            field=models.CharField(blank=True, db_default="", default="", max_length=12),
        ),
        migrations.AddField(
            model_name="quarantinedrow",
            name="outcome",
            field=models.CharField(blank=True, db_default="", default="", max_length=10),
        ),
        migrations.AddField(
            model_name="quarantinedrow",
            name="settled_by_key",
            field=models.CharField(blank=True, db_default="", default="", max_length=80),
        ),
        migrations.AddField(
            model_name="quarantinedrow",
            name="settled_by_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.AddField(
            model_name="quarantinedrow",
            name="settled_why",
            field=models.CharField(blank=True, db_default="", default="", max_length=500),
        ),
    ]
