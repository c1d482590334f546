"""A line of the board is seen with its account."""

from django.db import migrations

FORWARD = """
create policy row_security on outcomes_board_line using (
    (select org_sees_all()) or account_number in (select account_number from org_account_place)
) with check (true);
alter table outcomes_board_line enable row level security, force row level security;
"""
BACKWARD = """
alter table outcomes_board_line disable row level security, no force row level security;
drop policy row_security on outcomes_board_line;
"""


class Migration(migrations.Migration):
    dependencies = [("outcomes", "0001_initial"), ("org", "0005_row_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
