"""Which accounts a connection may see, as PostgreSQL reads it (see kernel/scope.py and ADR 0005).

`closeknit.scope` of the connection is "all", or grants by kind as JSON, or not set: then no row is seen. The policy of
`org_account_place` applies the grants; every other table with customer data asks which accounts are seen there.
`(select …)` makes PostgreSQL work a thing out once per statement and not once per row.
"""

from django.db import migrations

FORWARD = """
create function org_sees_all() returns boolean language sql stable parallel safe as
$$ select coalesce(current_setting('closeknit.scope', true) = 'all', false) $$;

create function org_has_scope() returns boolean language sql stable parallel safe as
$$ select coalesce(current_setting('closeknit.scope', true) <> '', false) $$;

create function org_scope(part text) returns jsonb language sql stable parallel safe as
$$ select coalesce(case when current_setting('closeknit.scope', true) like '{%'
                        then current_setting('closeknit.scope', true)::jsonb -> part end, '[]') $$;

create function org_scope_texts(part text) returns text[] language sql stable parallel safe as
$$ select array(select jsonb_array_elements_text(org_scope(part))) $$;

create policy row_security on org_account_place using (
    (select org_sees_all())
    or team_id = any ((select org_scope_texts('teams'))::bigint[])
    or region = any ((select org_scope_texts('regions'))::text[])
    or account_number = any ((select org_scope_texts('accounts'))::text[])
    or ((select org_scope('mixed') <> '[]') and exists (
        select from jsonb_to_recordset((select org_scope('mixed'))) as one(t bigint, r text, a text)
         where (one.t is null or one.t = team_id) and (one.r is null or one.r = region)
           and (one.a is null or one.a = account_number)))
) with check (true);
alter table org_account_place enable row level security, force row level security;

-- A value set for one account is seen with it; the rest holds for everybody, also before anyone has signed in.
create policy row_security on org_setting_value using (
    (select org_sees_all()) or level <> 'account' or place in (select account_number from org_account_place)
) with check (true);
alter table org_setting_value enable row level security, force row level security;

create function org_sees_account(asked text) returns boolean language sql stable parallel safe as
$$ select org_sees_all() or exists (select from org_account_place where account_number = asked) $$;
"""
BACKWARD = """
drop function org_sees_account(text);
alter table org_setting_value disable row level security, no force row level security;
drop policy row_security on org_setting_value;
drop policy row_security on org_account_place;
alter table org_account_place disable row level security, no force row level security;
drop function org_scope_texts(text);
drop function org_scope(text);
drop function org_has_scope();
drop function org_sees_all();
"""


class Migration(migrations.Migration):
    dependencies = [("org", "0004_settings")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
