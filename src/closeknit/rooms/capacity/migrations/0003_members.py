from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("capacity", "0002_closures")]
    operations = [migrations.AddField("plan", "members", models.BinaryField(default=bytes))]
