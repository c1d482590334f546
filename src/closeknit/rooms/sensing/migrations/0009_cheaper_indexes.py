"""Work is found by its account and by its batch through indexes that cost little to keep while much comes in."""

import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("sensing", "0008_conflicts")]
    operations = [
        migrations.RemoveIndex(model_name="workrow", name="work_by_account"),
        migrations.AddIndex(
            model_name="workrow",
            index=models.Index(fields=["account_number"], name="work_of_account", condition=~Q(account_number="")),
        ),
        migrations.AddIndex(
            model_name="workrow",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["batch"], name="work_by_batch", autosummarize=True),
        ),
    ]
