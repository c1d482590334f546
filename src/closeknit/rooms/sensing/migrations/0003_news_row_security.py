"""Events and opportunities are seen with their account; all other facts, by those who see every account."""

from django.db import migrations

FORWARD = """
drop policy row_security on sensing_fact;
create policy row_security on sensing_fact using (
    (select org_sees_all()) or (
        kind in ('event', 'opportunity')
        and body->>'account_number' in (select account_number from org_account_place)
    )
) with check (true);
"""
BACKWARD = """
drop policy row_security on sensing_fact;
create policy row_security on sensing_fact using (
    (select org_sees_all())
) with check (true);
"""


class Migration(migrations.Migration):
    dependencies = [("sensing", "0002_row_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
