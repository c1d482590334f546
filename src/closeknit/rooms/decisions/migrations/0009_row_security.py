"""Lines of the ledger are seen with the account that their key stands for; the rest, by those who see every account.

Escalations and notices about no account are seen by everybody who acts at all: who is asked, or told, is checked above.
"""

from django.db import migrations

BY_ACCOUNT = "(select org_sees_all()) or account_number in (select account_number from org_account_place)"
OR_NONE = f"{BY_ACCOUNT} or (account_number = '' and (select org_has_scope()))"
POLICIES = {
    # A key of the company's, or of a person's name, opens nothing of an account.
    "decisions_subject_key": f"{OR_NONE} or (account_number is null and (select org_has_scope()))",
    "decisions_ledger_entry": "(select org_sees_all())"
    " or text_key_id in (select id from decisions_subject_key where account_number <> '')",
}
FORWARD = """
create policy row_security on {table} using ({seen}) with check (true);
alter table {table} enable row level security, force row level security;
"""
BACKWARD = """
alter table {table} disable row level security, no force row level security;
drop policy row_security on {table};
"""


class Migration(migrations.Migration):
    dependencies = [("decisions", "0008_duties"), ("org", "0005_row_security")]
    operations = [
        migrations.RunSQL(FORWARD.format(table=table, seen=seen), BACKWARD.format(table=table))
        for table, seen in POLICIES.items()
    ]
