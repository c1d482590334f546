"""Observed work is seen with its account; what speaks of no single account, by those who see every one."""

from django.db import migrations

FORWARD = """
create policy row_security on sensing_work using (
    (select org_sees_all()) or account_number in (select account_number from org_account_place)
) with check (true);
alter table sensing_work enable row level security, force row level security;
create policy row_security on sensing_fact using (
    (select org_sees_all())
) with check (true);
alter table sensing_fact enable row level security, force row level security;
create policy row_security on sensing_quarantined using (
    (select org_sees_all())
) with check (true);
alter table sensing_quarantined enable row level security, force row level security;
"""
BACKWARD = """
alter table sensing_quarantined disable row level security, no force row level security;
drop policy row_security on sensing_quarantined;
alter table sensing_fact disable row level security, no force row level security;
drop policy row_security on sensing_fact;
alter table sensing_work disable row level security, no force row level security;
drop policy row_security on sensing_work;
"""


class Migration(migrations.Migration):
    dependencies = [("sensing", "0001_initial"), ("org", "0005_row_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
