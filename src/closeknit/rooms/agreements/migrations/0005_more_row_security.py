"""Contracts and clocks are seen with their account; standing contracts, of no account, by everybody who acts at all."""

from django.db import migrations

TABLES = ("agreements_contract_version", "agreements_work_event", "agreements_clock_warning")
FORWARD = "".join(
    f"""
create policy row_security on {table} using (
    (select org_sees_all()) or (account_number = '' and (select org_has_scope()))
    or account_number in (select account_number from org_account_place)
) with check (true);
alter table {table} enable row level security, force row level security;
"""
    for table in TABLES
)
BACKWARD = "".join(
    f"""
alter table {table} disable row level security, no force row level security;
drop policy row_security on {table};
"""
    for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [("agreements", "0004_contracts_and_clocks"), ("org", "0005_row_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
