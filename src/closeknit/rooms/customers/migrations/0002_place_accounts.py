from django.db import migrations

PLACE = """
INSERT INTO org_account_place (account_number, team_id, region)
SELECT account_number, team_id, region FROM customers_account
ON CONFLICT (account_number) DO UPDATE SET team_id = excluded.team_id, region = excluded.region
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("org", "0002_access")]
    operations = [migrations.RunSQL(PLACE, migrations.RunSQL.noop)]
