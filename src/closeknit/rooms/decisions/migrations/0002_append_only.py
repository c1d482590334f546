"""The ledger only grows: the database itself refuses update, delete and truncate, whoever asks."""

from django.db import migrations

FORWARD = """
create function decisions_ledger_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger only grows: % is refused', lower(tg_op)
        using errcode = 'restrict_violation', hint = 'Write a new entry that corrects the old one.';
end $$;
create trigger ledger_only_grows before update or delete on decisions_ledger_entry
    for each row execute function decisions_ledger_refuse();
create trigger ledger_never_truncated before truncate on decisions_ledger_entry
    for each statement execute function decisions_ledger_refuse();
alter table decisions_ledger_entry enable always trigger ledger_only_grows;
alter table decisions_ledger_entry enable always trigger ledger_never_truncated;
alter table decisions_ledger_entry add column written_in xid8 not null default pg_current_xact_id();
alter table decisions_ledger_entry add constraint ledger_leaf_commits
    check (leaf = sha256('\\x00'::bytea || content));
"""
BACKWARD = """
alter table decisions_ledger_entry drop constraint ledger_leaf_commits;
alter table decisions_ledger_entry drop column written_in;
drop trigger ledger_never_truncated on decisions_ledger_entry;
drop trigger ledger_only_grows on decisions_ledger_entry;
drop function decisions_ledger_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("decisions", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
