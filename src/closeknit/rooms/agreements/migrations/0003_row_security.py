"""Contracts and terms are seen with their account; standing ones, of no account, by everybody who acts at all."""

from django.db import migrations

FORWARD = """
create policy row_security on agreements_contract using (
    (select org_sees_all()) or (account_number = '' and (select org_has_scope()))
    or account_number in (select account_number from org_account_place)
) with check (true);
alter table agreements_contract enable row level security, force row level security;
create policy row_security on agreements_term using (
    (select org_sees_all()) or (account_number = '' and (select org_has_scope()))
    or account_number in (select account_number from org_account_place)
) with check (true);
alter table agreements_term enable row level security, force row level security;
"""
BACKWARD = """
alter table agreements_term disable row level security, no force row level security;
drop policy row_security on agreements_term;
alter table agreements_contract disable row level security, no force row level security;
drop policy row_security on agreements_contract;
"""


class Migration(migrations.Migration):
    dependencies = [("agreements", "0002_versions_never_overlap"), ("org", "0005_row_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
