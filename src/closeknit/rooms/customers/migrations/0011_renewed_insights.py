"""When somebody last said that an insight still holds."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0010_touchpoints"),
    ]

    operations = [
        migrations.AddField(
            model_name="insight",
            name="renewed_at",
            field=models.DateTimeField(null=True),
        ),
    ]
