from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_row_security")]
    operations = [
        migrations.AddField(model_name="account", name="tier_decision", field=models.UUIDField(null=True)),
    ]
