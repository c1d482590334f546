from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("decisions", "0008_duties")]
    operations = []
