"""A line is written in one call, whose plans are kept: it is in every transaction of the business.

The writer hands over the texts already encrypted and the keys that it remembers. The database puts in the time, hashes,
and inserts only where both keys still stand, in one statement: an erasure that has committed always wins. Both
functions run as their owner and see every key, also where the owner is no superuser: row security on the keys would
cost more than all the rest, and nothing comes out but ids of keys and the line's number.
"""

from django.db import migrations

# "public" is in the path for what the policies call, which hold the owner too where it is no superuser.
FORWARD = """
create function decisions_write_line(
    thread uuid, said_kind text, actor text, account text, text_key uuid, name_key uuid, before text, after text)
    returns bigint
    language plpgsql volatile security definer
    set search_path = pg_catalog, public, pg_temp set closeknit.scope = 'all'
    set plan_cache_mode = force_generic_plan as $$
declare
    instant constant text := to_char(transaction_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
    said constant bytea := convert_to(before || instant || after, 'UTF8');
    number bigint;
begin
    insert into public.decisions_ledger_entry
        (thread_id, kind, actor_key, recorded_at, text_key_id, name_key_id, content, leaf)
    select thread, said_kind, actor, transaction_timestamp(), text_key, name_key, said, sha256('\\x00'::bytea || said)
     where exists (select from public.decisions_subject_key k
                    where k.id = text_key and k.account_number = account and k.wrapped is not null)
       and exists (select from public.decisions_subject_key k
                    where k.id = name_key and k.person_key = actor and k.wrapped is not null)
    returning id into number;
    return number;
end $$;

drop function decisions_begin_line(text, text);
create function decisions_find_keys(account text, person text, out text_key uuid, out name_key uuid)
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp set closeknit.scope = 'all' as $$
    select (select id from public.decisions_subject_key
             where account_number = account and wrapped is not null order by id desc limit 1),
           (select id from public.decisions_subject_key
             where person_key = person and wrapped is not null order by id desc limit 1)
$$;
"""
BACKWARD = """
drop function decisions_write_line(uuid, text, text, text, uuid, uuid, text, text);
drop function decisions_find_keys(text, text);
create function decisions_begin_line(
    account text, person text, out recorded_at timestamptz, out number bigint, out text_key uuid, out name_key uuid)
    language plpgsql volatile security definer set search_path = pg_catalog as $$
begin
    recorded_at := transaction_timestamp();
    number := nextval('public.decisions_ledger_entry_id_seq');
    select id into text_key from public.decisions_subject_key
     where account_number = account and wrapped is not null order by id desc limit 1;
    select id into name_key from public.decisions_subject_key
     where person_key = person and wrapped is not null order by id desc limit 1;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("decisions", "0009_row_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
