"""Work says by itself that it is open, so that the index of open work holds no work whose end nobody ever says."""

from django.db import migrations, models

# As it was told until now: of a service of which some work ended. What comes later is told by its stream.
FORWARD = """
select set_config('closeknit.scope', 'all', true);
with recursive timed as (
    (select operation, service from sensing_work where finished_at is not null order by operation, service limit 1)
    union all
    select n.* from timed t cross join lateral (
        select operation, service from sensing_work
         where finished_at is not null and (operation, service) > (t.operation, t.service)
         order by operation, service limit 1) n
)
update sensing_work w set is_open = true from timed t
 where w.operation = t.operation and w.service = t.service
   and w.finished_at is null and not w.is_return and w.account_number <> '';
"""


class Migration(migrations.Migration):
    dependencies = [("sensing", "0011_work_known_by_its_key")]
    operations = [
        migrations.AddField(
            model_name="workrow", name="is_open", field=models.BooleanField(default=False, db_default=False)
        ),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="workrow", name="work_open"),
        migrations.AddIndex(
            model_name="workrow",
            index=models.Index(
                fields=["operation", "service", "occurred_at"], name="work_open", condition=models.Q(is_open=True)
            ),
        ),
    ]
