"""When each operation was last looked back at by the clock."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("demand", "0009_forecast_pieces"),
    ]

    operations = [
        migrations.CreateModel(
            name="LookBack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("operation", models.CharField(max_length=80, unique=True)),
                ("called_at", models.DateTimeField()),
            ],
            options={
                "db_table": "demand_look_back",
            },
        ),
    ]
