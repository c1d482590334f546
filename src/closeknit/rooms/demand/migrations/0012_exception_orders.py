from django.db import migrations, models
from django.db.models import Q

ORDERS = {
    "consequence": "consequence",
    "week": "week_on",
    "operation": "operation",
    "account": "account_number",
    "due": "due_at",
}
OPEN = models.Index(fields=["consequence", "id"], condition=Q(state="open"), name="open_exception_by_worth")


class Migration(migrations.Migration):
    dependencies = [("demand", "0011_kept_digests")]

    operations = [
        migrations.AddIndex("forecastexception", OPEN),
        *(
            migrations.AddIndex("forecastexception", models.Index(fields=[column, "id"], name=f"off_by_{order}"))
            for order, column in ORDERS.items()
        ),
    ]
