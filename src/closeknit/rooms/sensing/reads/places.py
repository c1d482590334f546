"""Which clock a region lives by, as the sites that source systems state say."""

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.reads.access import require_feeds

_ZONES = """
select distinct on (region) region, time_zone
  from (select body->>'region' as region, body->>'time_zone' as time_zone, count(*) as sites
          from sensing_fact where kind = 'site' and superseded_at is null
         group by 1, 2) stated
 where region <> '' and time_zone <> ''
 order by region, sites desc, time_zone
"""


def region_zones(*, by: Actor) -> dict[str, str]:
    """Return the time zone of each region that has sites: the one most of its sites are in."""
    require_feeds(by)
    with connection.cursor() as cursor:
        cursor.execute(_ZONES)
        return dict(cursor.fetchall())
