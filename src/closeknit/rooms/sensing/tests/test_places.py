"""Whose holidays a region keeps: said by a calendar, by sites, or by the clock they live by."""

import pytest

from closeknit.kernel.errors import Denied, Invalid
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.mapping.recipe import find_recipe_text, read_recipe
from closeknit.rooms.sensing.tests.small import RECIPE, call, load, write_calls

pytestmark = pytest.mark.django_db
SITES = """
recipe: sites
title: Sites
time_zone: America/Chicago
streams:
  - name: sites
    from: sites.csv
    into: site
    fields: {site_id: id, region: region, time_zone: zone, jurisdiction: law}
"""
ROWS = """id,region,zone,law
1,south,Europe/Lisbon,EU
2,south,Europe/Lisbon,EU
3,south,Europe/Madrid,EU
4,north,Europe/Berlin,CH
5,east,,
6,west,UTC,
"""


@pytest.fixture
def sites(tmp_path, alice):
    (tmp_path / "sites.csv").write_text(ROWS, encoding="utf-8")
    return load(tmp_path, alice, recipe=SITES)


def test_sites_say_it_by_jurisdiction_else_by_their_clock(sites, alice):
    assert reads.region_countries(by=alice) == {"": "US", "south": "PT", "north": "CH"}


def test_a_stated_calendar_goes_first_and_only_for_its_feeds_operations(sites, tmp_path, alice):
    stated = RECIPE + "  calendar:\n    - {region: north, country: DE/BY}\n    - {country: AT}\n"
    write_calls(tmp_path, [call(1)])
    load(tmp_path / "calls.csv", alice, recipe=stated)
    assert reads.region_countries("desk", by=alice) == {"": "AT", "south": "PT", "north": "DE/BY"}
    assert reads.region_countries("nothing", by=alice) == {"south": "PT", "north": "CH"}


def test_feeds_that_differ_say_nothing_of_the_rest(sites, tmp_path, alice):
    load(write_calls(tmp_path, [call(1)]), alice)
    assert "" not in reads.region_countries(by=alice), "Chicago and Berlin"
    assert reads.region_countries("desk", by=alice)[""] == "DE"


def test_a_calendar_names_a_country():
    with pytest.raises(Invalid, match="not a country"):
        read_recipe(RECIPE + "  calendar:\n    - {country: Germany}\n", "small.yaml")


@pytest.mark.parametrize(
    ("recipe", "country"), [("city-311", "US/MD"), ("contact-center", "US"), ("online-retail", "GB/ENG")]
)
def test_shipped_recipes_of_one_country_say_which(recipe, country):
    facts = read_recipe(*find_recipe_text(recipe)).assumed_facts
    assert [fact.body for fact in facts if fact.kind == "calendar"] == [{"region": "", "country": country}]


def test_every_stated_calendar_is_one_the_holidays_library_knows():
    import holidays

    for name in ("US/MD", "US", "GB/ENG", "PT", "DE"):
        country, _, part = name.partition("/")
        assert len(holidays.country_holidays(country, subdiv=part or None, years=2025)) >= 8


def test_outsiders_are_refused(sites, bob):
    with pytest.raises(Denied):
        reads.region_countries(by=bob)
