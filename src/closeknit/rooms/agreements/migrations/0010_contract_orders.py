from django.db import migrations, models
from django.db.models import F

ORDERS = {
    "draft": "drafted_at",
    "title": "title",
    "number": "contract_number",
    "whom": "account_number",
    "start": "starts_on",
    "end": "ends_on",
}
LATEST = (F("ends_on").desc(nulls_last=True), F("id").desc())


class Migration(migrations.Migration):
    dependencies = [("agreements", "0009_setups")]

    operations = [
        *(
            migrations.AddIndex("contractversion", models.Index(fields=[column, "id"], name=f"contract_by_{order}"))
            for order, column in ORDERS.items()
        ),
        migrations.AddIndex("contractversion", models.Index(*LATEST, name="contract_by_latest_end")),
    ]
