"""Quotes are seen with their account, what they do to others with theirs; what a quote says never changes."""

from django.db import migrations

FORWARD = """
create policy row_security on capacity_quote using (
    (select org_sees_all()) or account_number in (select account_number from org_account_place)
) with check (true);
alter table capacity_quote enable row level security, force row level security;
create policy row_security on capacity_quote_effect using (
    (select org_sees_all()) or account_number in (select account_number from org_account_place)
) with check (true);
alter table capacity_quote_effect enable row level security, force row level security;
create function capacity_quote_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'a quote never changes'
        using errcode = 'restrict_violation', hint = 'Ask for another quote.';
end $$;
create trigger quote_never_changes before update on capacity_quote for each row when (
    (old.plan_id, old.asked, old.told, old.share_of_tier, old.verdict, old.others, old.margin_before, old.made_at,
     old.expires_at, old.inputs_digest, old.result_digest)
    is distinct from
    (new.plan_id, new.asked, new.told, new.share_of_tier, new.verdict, new.others, new.margin_before, new.made_at,
     new.expires_at, new.inputs_digest, new.result_digest)
) execute function capacity_quote_refuse();
"""
BACKWARD = """
drop trigger quote_never_changes on capacity_quote;
drop function capacity_quote_refuse();
alter table capacity_quote_effect disable row level security, no force row level security;
drop policy row_security on capacity_quote_effect;
alter table capacity_quote disable row level security, no force row level security;
drop policy row_security on capacity_quote;
"""


class Migration(migrations.Migration):
    dependencies = [("capacity", "0006_quotes"), ("org", "0005_row_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
