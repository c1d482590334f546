from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("org", "0002_access")]
    operations = []
