"""An account's row is seen by those who see the account."""

from django.db import migrations

FORWARD = """
create policy row_security on customers_account using (
    (select org_sees_all()) or account_number in (select account_number from org_account_place)
) with check (true);
alter table customers_account enable row level security, force row level security;
"""
BACKWARD = """
alter table customers_account disable row level security, no force row level security;
drop policy row_security on customers_account;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_place_accounts"), ("org", "0005_row_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
