"""Who works when is for those who see the whole operation; what a roster says never changes."""

from django.db import migrations

FORWARD = """
create policy row_security on capacity_staff_member using ((select org_sees_all())) with check (true);
alter table capacity_staff_member enable row level security, force row level security;
create policy row_security on capacity_roster using ((select org_sees_all())) with check (true);
alter table capacity_roster enable row level security, force row level security;
create function capacity_roster_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'a roster never changes'
        using errcode = 'restrict_violation', hint = 'Make another roster.';
end $$;
create trigger roster_never_changes before update on capacity_roster for each row when (
    (old.plan_id, old.pool, old.first_on, old.weeks, old.inputs, old.told, old.made_at, old.inputs_digest,
     old.result_digest, old.code_version)
    is distinct from
    (new.plan_id, new.pool, new.first_on, new.weeks, new.inputs, new.told, new.made_at, new.inputs_digest,
     new.result_digest, new.code_version)
) execute function capacity_roster_refuse();
"""
BACKWARD = """
drop trigger roster_never_changes on capacity_roster;
drop function capacity_roster_refuse();
alter table capacity_roster disable row level security, no force row level security;
drop policy row_security on capacity_roster;
alter table capacity_staff_member disable row level security, no force row level security;
drop policy row_security on capacity_staff_member;
"""


class Migration(migrations.Migration):
    dependencies = [("capacity", "0009_rosters"), ("org", "0005_row_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
