"""Who works where, as a company's own system says it: taken in with the feed, moved, and left alone where unsaid."""

import pytest
from tests.small_company import AT, RECIPE, deliver_all, write_files

from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.adopt_staff import adopt_staff
from closeknit.rooms.capacity.compute.rosters.ordering import natural
from closeknit.rooms.capacity.models import StaffMember
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.sensing.actions.load_recipe import load_recipe

STREAM = """  - name: staff
    from: staff.csv
    into: staff
    fields: {staff_number: number, name: name, pool: pool, skills: skills, week_hours: hours}
assumptions:"""
SECOND = """    - {pool: packers, name: Packers, operation: warehouse, services: [packing], regions: ["*"], site: Hall,
       unit: picker, staffing: deadline, handle_minutes: 6, shrinkage_parts: ["0.1"], cost_per_hour: 20,
       overtime_cost_per_hour: 30, overtime_share_max: 0.05, currency: EUR, time_zone: Europe/Berlin}
  roster:"""
HEADER = "number,name,pool,skills,hours\n"
FIRST = HEADER + (
    "E10,Ten Person,pickers,Picking|retention,40\n"
    "E2,Two Person,pickers,picking,30\n"
    "E3,No Hours,pickers,picking,\n"
    "E4,Nowhere,cooks,cooking,40\n"
    "E5,Too Many,pickers,picking,200\n"
)


@pytest.fixture
def load(tmp_path, db, alice):
    path = write_files(tmp_path)
    path.write_text(RECIPE.replace("assumptions:", STREAM).replace("  roster:", SECOND), encoding="utf-8")

    def load(staff: str) -> None:
        (tmp_path / "staff.csv").write_text(staff, encoding="utf-8")
        load_recipe(str(path), tmp_path, by=alice, at=AT)
        deliver_all()

    return load


def people(alice, pool):
    return [(card.person, card.name, card.week_hours) for card in reads.list_staff(pool, by=alice)]


def test_whom_the_feed_states_with_hours_in_a_known_pool_works_there(load, alice):
    load(FIRST)
    assert people(alice, "pickers") == [("E2", "Two Person", 30.0), ("E10", "Ten Person", 40.0)], "as they count"
    assert reads.list_staff("pickers", by=alice)[1].skills == ("picking", "retention")
    assert people(alice, "packers") == []
    (line,) = decisions.list_entries(by=alice, kind="staff.stated", limit=10)
    assert (line.subject, line.evidence["people"]) == ("pool:pickers", 2)


def test_who_moves_leaves_the_pool_that_the_feed_named_before_and_wishes_stay(load, alice):
    load(FIRST)
    StaffMember.objects.filter(person="E2").update(wants=["mon 08:00"])
    load(FIRST.replace("E10,Ten Person,pickers", "E10,Ten Person,packers").replace("picking,30", "picking,20"))
    assert people(alice, "pickers") == [("E2", "Two Person", 20.0)]
    assert people(alice, "packers") == [("E10", "Ten Person", 40.0)]
    assert reads.list_staff("pickers", by=alice)[0].wants == ("mon 08:00",)


def test_whom_only_a_staff_file_names_stays(load, alice):
    load(HEADER + "E2,Two Person,packers,picking,30\n")
    adopt_staff("pickers", "person,name,week_hours\nE2,Another Two,40\n", by=alice, at=AT)
    load(HEADER + "E2,Two Person,packers,picking,35\n")
    assert people(alice, "pickers") == [("E2", "Another Two", 40.0)], "the feed never said that pool"
    assert people(alice, "packers") == [("E2", "Two Person", 35.0)]


def test_people_stand_as_they_count():
    assert sorted(["P10", "p2", "P1", "E7-12", "E7-3"], key=natural) == ["E7-3", "E7-12", "P1", "p2", "P10"]
