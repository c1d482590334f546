"""What a line says moves into its content alone, encrypted with keys per subject; the clear columns go.

Lines written before hold it in `content` in the clear, and always will: their leaves commit to it. They get key rows
without key material, so that they are found by account like all others.
"""

from django.db import migrations, models

BACKFILL = """
alter table decisions_ledger_entry disable trigger ledger_only_grows;
insert into decisions_subject_key (id, account_number)
    select gen_random_uuid(), account_number from (select distinct account_number from decisions_ledger_entry) known;
update decisions_ledger_entry e set text_key_id = k.id
    from decisions_subject_key k where k.account_number = e.account_number;
set constraints all immediate;
alter table decisions_ledger_entry enable always trigger ledger_only_grows;
"""
# What a new line needs of the database, in one call whose plans are kept. It runs as its owner: row security on the keys
# would cost more than all the rest, and nothing but the ids of keys comes out.
BEGIN_LINE = """
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
    dependencies = [("decisions", "0003_ledger_sealing")]
    operations = [
        migrations.CreateModel(
            name="SubjectKey",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("account_number", models.CharField(max_length=80, null=True)),
                ("person_key", models.CharField(max_length=80, null=True)),
                ("wrapped", models.BinaryField(null=True)),
                ("erased_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "decisions_subject_key",
                "indexes": [
                    models.Index(fields=["account_number", "id"], name="key_by_account"),
                    models.Index(fields=["person_key", "id"], name="key_by_person"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        name="a_key_has_one_subject_until_it_is_erased",
                        condition=models.Q(
                            models.Q(erased_at=None, account_number=None, person_key__isnull=False),
                            models.Q(erased_at=None, account_number__isnull=False, person_key=None),
                            models.Q(erased_at__isnull=False, account_number=None, person_key=None, wrapped=None),
                            _connector="OR",
                        ),
                    ),
                ],
            },
        ),
        migrations.AddField("ledgerentry", "text_key_id", models.UUIDField(null=True)),
        migrations.AddField("ledgerentry", "name_key_id", models.UUIDField(null=True)),
        migrations.RunSQL(BACKFILL),
        migrations.AlterField("ledgerentry", "text_key_id", models.UUIDField()),
        migrations.RemoveIndex("ledgerentry", "ledger_by_account"),
        migrations.RemoveField("ledgerentry", "subject"),
        migrations.RemoveField("ledgerentry", "sentence"),
        migrations.RemoveField("ledgerentry", "account_number"),
        migrations.RemoveField("ledgerentry", "team"),
        migrations.RemoveField("ledgerentry", "actor_name"),
        migrations.AddIndex("ledgerentry", models.Index(fields=["text_key_id", "-id"], name="ledger_by_text_key")),
        migrations.AddIndex("ledgerentry", models.Index(fields=["actor_key", "-id"], name="ledger_by_actor")),
        migrations.RunSQL(BEGIN_LINE),
    ]
