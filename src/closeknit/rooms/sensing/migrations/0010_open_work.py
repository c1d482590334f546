"""Open work of every account is found by indexes: the list of clocks no longer goes through all work there is."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("sensing", "0009_cheaper_indexes")]
    operations = [
        migrations.AddIndex(
            model_name="workrow",
            index=models.Index(
                fields=["operation", "service"],
                name="work_open",
                condition=Q(finished_at=None, is_return=False) & ~Q(account_number=""),
            ),
        ),
        migrations.AddIndex(
            model_name="workrow",
            index=models.Index(
                fields=["operation", "service"], name="work_ended", condition=Q(finished_at__isnull=False)
            ),
        ),
    ]
