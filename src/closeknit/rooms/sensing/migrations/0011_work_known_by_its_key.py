"""A row of work is known by its feed and key; its number keeps an order and needs no index of its own.

Nothing looks work up by its number, and the index cost a seventh of what storing a row does. What copies changes to
another database tells rows apart by their keys.
"""

from django.db import migrations

FORWARD = """
alter table sensing_work drop constraint if exists sensing_work_pkey;
alter table sensing_work replica identity using index one_work_row_per_key;
"""
BACKWARD = """
alter table sensing_work replica identity default;
alter table sensing_work add constraint sensing_work_pkey primary key (id);
"""


class Migration(migrations.Migration):
    dependencies = [("sensing", "0010_open_work")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
