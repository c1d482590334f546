"""What an account gets in a plan is seen with the account; the rest of a tier, by those who see every one."""

from django.db import migrations

FORWARD = """
create policy row_security on capacity_claim_week using (
    (select org_sees_all()) or account_number in (select account_number from org_account_place)
) with check (true);
alter table capacity_claim_week enable row level security, force row level security;
"""
BACKWARD = """
alter table capacity_claim_week disable row level security, no force row level security;
drop policy row_security on capacity_claim_week;
"""


class Migration(migrations.Migration):
    dependencies = [("capacity", "0003_members"), ("org", "0005_row_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
