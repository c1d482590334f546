from django.db import migrations, models
from django.db.models import Case, F, Value, When

CLOSENESS = Case(
    When(tier="strategic", then=Value(0)),
    When(tier="key", then=Value(1)),
    When(tier="standard", then=Value(2)),
    default=Value(3),
)
LATEST = (F("since_at").desc(nulls_last=True), F("account_number").desc())


class Migration(migrations.Migration):
    dependencies = [("customers", "0012_score_inputs")]

    operations = [
        migrations.AddIndex("account", models.Index(fields=["name", "account_number"], name="account_by_name")),
        migrations.AddIndex("account", models.Index(fields=["region", "account_number"], name="account_by_region")),
        migrations.AddIndex("account", models.Index(fields=["since_at", "account_number"], name="account_by_since")),
        migrations.AddIndex("account", models.Index(*LATEST, name="account_by_latest")),
        migrations.AddIndex("account", models.Index(CLOSENESS, "account_number", name="account_by_closeness")),
    ]
