"""No two versions of one term hold on the same day: the database refuses it at commit, whoever writes."""

from django.db import migrations

FORWARD = """
alter table agreements_term add constraint term_versions_never_overlap exclude using gist (
    int8range(hashtextextended(term_number, 0), hashtextextended(term_number, 0), '[]') with &&,
    daterange(starts_on, ends_on) with &&
) deferrable initially deferred;
"""
BACKWARD = "alter table agreements_term drop constraint term_versions_never_overlap;"


class Migration(migrations.Migration):
    dependencies = [("agreements", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
