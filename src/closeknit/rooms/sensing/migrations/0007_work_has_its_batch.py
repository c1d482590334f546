"""Work belongs to a load that is there: checked once for all rows that come together, not for each of them.

A check of every row alone cost a fifth of what it takes to store it.
"""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
create function sensing_work_has_its_batch() returns trigger language plpgsql as $$
begin
    if exists (
        select from (select distinct feed_id, batch_id from added) work
         where not exists (
               select from sensing_batch batch where batch.id = work.batch_id and batch.feed_id = work.feed_id)
    ) then
        raise foreign_key_violation using message = 'work needs the batch it came with', table = 'sensing_work';
    end if;
    return null;
end $$;
create trigger work_has_its_batch after insert on sensing_work
    referencing new table as added for each statement execute function sensing_work_has_its_batch();
create trigger changed_work_has_its_batch after update on sensing_work
    referencing new table as added for each statement execute function sensing_work_has_its_batch();
create function sensing_batch_is_kept() returns trigger language plpgsql as $$
begin
    if old.accepted > 0 then
        raise foreign_key_violation using message = 'a batch with accepted rows is kept', table = 'sensing_batch';
    end if;
    return old;
end $$;
create trigger batch_is_kept before delete on sensing_batch
    for each row execute function sensing_batch_is_kept();
"""
BACKWARD = """
drop trigger batch_is_kept on sensing_batch;
drop function sensing_batch_is_kept();
drop trigger changed_work_has_its_batch on sensing_work;
drop trigger work_has_its_batch on sensing_work;
drop function sensing_work_has_its_batch();
"""


class Migration(migrations.Migration):
    dependencies = [("sensing", "0006_recipe_versions")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AlterField(
            model_name="workrow",
            name="batch",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="sensing.batch",
            ),
        ),
    ]
