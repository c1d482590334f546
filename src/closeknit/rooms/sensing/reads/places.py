"""Which clock a region lives by, and whose public holidays it keeps, as source systems state."""

import importlib.resources
import re
from functools import cache

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
_JURISDICTIONS = """
select distinct on (region) region, jurisdiction
  from (select body->>'region' as region, body->>'jurisdiction' as jurisdiction, count(*) as sites
          from sensing_fact where kind = 'site' and superseded_at is null
         group by 1, 2) stated
 where region <> '' and jurisdiction <> ''
 order by region, sites desc, jurisdiction
"""
_FEEDS = """
select feed.id, feed.time_zone
  from sensing_feed feed
 where %(operation)s = '' or exists (
       select from sensing_batch_operation part join sensing_batch batch on batch.id = part.batch_id
        where part.operation = %(operation)s and batch.feed_id = feed.id)
 order by feed.id
"""
_CALENDARS = """
select body->>'region', body->>'country'
  from sensing_fact
 where kind = 'calendar' and superseded_at is null and feed_id = any(%(feeds)s)
 order by is_assumed desc, id
"""
_COUNTRY = re.compile(r"[A-Z]{2}(/[A-Z0-9]{1,3})?", re.ASCII)
_UNIONS = {"EU", "UN"}


def region_zones(*, by: Actor) -> dict[str, str]:
    """Return the time zone of each region that has sites: the one most of its sites are in."""
    require_feeds(by)
    return _pairs(_ZONES)


def region_countries(operation: str = "", *, by: Actor) -> dict[str, str]:
    """Return whose public holidays each region keeps: a country ("DE") or a part of one ("US/MD").

    The key "" stands for every region not named, and for work without region. What a source states as a calendar
    comes first, then the jurisdiction of most of the region's sites where that is a country, then the country of
    their time zone; for "", the zone of the feeds. `operation`: of the feeds that brought its work; without it, of
    all feeds. Where feeds differ in what they would give "", it is left out: nothing is guessed.
    """
    require_feeds(by)
    feeds = _feeds(operation)
    zones = {_country_of_zone(zone) for zone in feeds.values()}
    found = {"": zones.pop()} if len(zones) == 1 else {}
    found |= {region: _country_of_zone(zone) for region, zone in _pairs(_ZONES).items()}
    found |= {region: name for region, name in _pairs(_JURISDICTIONS).items() if _is_country(name)}
    found |= _pairs(_CALENDARS, list(feeds))
    return {region: country for region, country in found.items() if country}


def stated_countries(operation: str = "", *, by: Actor) -> dict[str, str]:
    """Return whose public holidays each region keeps where a source states that as a calendar, and nothing derived."""
    require_feeds(by)
    return {region: country for region, country in _pairs(_CALENDARS, list(_feeds(operation))).items() if country}


def _feeds(operation: str) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(_FEEDS, {"operation": operation})
        return dict(cursor.fetchall())


def _pairs(sql: str, feeds: list[int] | None = None) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"feeds": feeds})
        return dict(cursor.fetchall())


def _is_country(name: str) -> bool:
    return bool(_COUNTRY.fullmatch(name)) and name not in _UNIONS


def _country_of_zone(zone: str) -> str:
    return _zone_countries().get(zone, "")


@cache
def _zone_countries() -> dict[str, str]:
    """Return the one country that each zone of the time zone database belongs to."""
    table = importlib.resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}
