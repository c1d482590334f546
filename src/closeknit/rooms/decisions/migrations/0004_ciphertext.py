from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("decisions", "0003_ledger_sealing")]
    operations = []
