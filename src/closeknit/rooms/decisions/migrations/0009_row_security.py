"""Lines of the ledger are seen with the account that their key stands for; the rest, by those who see every account.

Proposals, exceptions, escalations and notices about no account are seen by everybody who acts at all: who is asked, or
told, is checked above. Steps and answers are seen with what they belong to.
"""

from django.db import migrations

BY_ACCOUNT = "(select org_sees_all()) or account_number in (select account_number from org_account_place)"
OR_NONE = f"{BY_ACCOUNT} or (account_number = '' and (select org_has_scope()))"
POLICIES = {
    # A key of the company's, or of a person's name, opens nothing of an account.
    "decisions_subject_key": f"{OR_NONE} or (account_number is null and (select org_has_scope()))",
    "decisions_ledger_entry": "(select org_sees_all())"
    " or text_key_id in (select id from decisions_subject_key where account_number <> '')",
    "decisions_proposal": OR_NONE,
    "decisions_proposal_answer": "(select org_sees_all()) or proposal_id in (select id from decisions_proposal)",
    "decisions_exception": OR_NONE,
    "decisions_escalation": OR_NONE,
    "decisions_escalation_step": "(select org_sees_all()) or escalation_id in (select id from decisions_escalation)",
    "decisions_notice": OR_NONE,
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
