from django.db import migrations, models

ORDERS = {
    "until": "until_on",
    "start": "starts_on",
    "review": "review_on",
    "rule": "deviates_from",
    "number": "account_number",
    "owner": "owner_name",
}


class Migration(migrations.Migration):
    dependencies = [("decisions", "0010_one_call_per_line")]

    operations = [
        migrations.AddIndex("exceptionrow", models.Index(fields=[column, "id"], name=f"exception_by_{order}"))
        for order, column in ORDERS.items()
    ]
