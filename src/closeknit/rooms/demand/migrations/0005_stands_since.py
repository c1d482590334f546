"""Which run of an operation stands: an earlier one does again when a change by people is taken back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("demand", "0004_run_purposes")]

    operations = [
        migrations.AddField("forecastrun", "stands_since_at", models.DateTimeField(null=True)),
        migrations.RunSQL("update demand_forecast_run set stands_since_at = made_at", migrations.RunSQL.noop),
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        migrations.AlterField("forecastrun", "stands_since_at", models.DateTimeField()),
        migrations.RemoveIndex("forecastrun", "run_newest"),
        migrations.AddIndex(
            "forecastrun", models.Index(fields=["operation", "purpose", "-stands_since_at"], name="run_newest")
        ),
    ]
