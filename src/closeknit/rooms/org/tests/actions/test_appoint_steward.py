"""Stewards: the closest answers, one at a time, known at any past instant; refusals change nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.cast import enter

from closeknit.kernel.errors import CloseknitError, Conflict, Denied, Invalid, NotFound
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.appoint_steward import appoint_steward, end_stewardship
from closeknit.rooms.org.actions.report_absence import report_absence
from closeknit.rooms.org.models import Person, Stewardship

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(days=10)
FAR = AT + timedelta(days=20)


def appoint(person, domain="customers", field="", **more):
    given = {"reason": "Knows it best.", "by": enter("erin"), "at": AT} | more
    return appoint_steward(person, domain, field, **given)


def found(by, field="", at=AT, **place):
    card = reads.find_steward("customers", field, by=by, at=at, **place)
    return card and card.person_name


def test_the_closest_steward_answers(alice, bob, carol, hana, frank):
    assert found(alice) is None
    appoint("alice")
    appoint("carol", level="region", place="north")
    appoint("hana", level="site", place="B1")
    appoint("frank", field="tier")
    assert found(alice) == "Alice Planner"
    assert found(alice, region="south") == "Alice Planner"
    assert found(alice, region="north") == "Carol Lead"
    assert found(alice, region="north", site="B1") == "Hana Executive"
    assert found(alice, "tier", region="north", site="B1") == "Frank Auditor"
    assert found(alice, "name", region="north") == "Carol Lead"


def test_a_successor_ends_the_one_before_and_the_past_stays_known(alice, carol):
    first = appoint("alice")
    appoint("carol", starts_at=LATER, reason="Alice moves on.")
    assert (found(alice), found(alice, at=LATER), found(alice, at=FAR)) == (
        "Alice Planner",
        "Carol Lead",
        "Carol Lead",
    )
    card = reads.get_stewardship(first, by=alice, at=AT)
    assert (card.ends_at, card.end_reason) == (LATER, "Alice moves on.")
    with pytest.raises(Conflict, match="planned from"):
        appoint("frank" if enter("frank") else "", at=AT + timedelta(days=1))
    assert Stewardship.objects.count() == 2


def test_the_database_takes_no_two_stewards_of_one_thing(alice, carol):
    from django.db import IntegrityError, transaction

    appoint("alice")
    row = Stewardship.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_who_is_away_is_passed_over_and_who_left_never_answers(alice, carol, frank):
    appoint("alice")
    appoint("frank", field="tier")
    report_absence(starts_at=AT, ends_at=LATER, by=frank, at=AT)
    assert found(alice, "tier") == "Alice Planner"
    assert found(alice, "tier", at=LATER) == "Frank Auditor"
    user = Person.objects.get(name="Frank Auditor").user
    user.is_active = False
    user.save()
    assert found(alice, "tier", at=LATER) == "Alice Planner"


def test_ending_needs_a_reason_and_happens_once(alice, erin):
    number = appoint("alice")
    with pytest.raises(Invalid, match="needs a reason"):
        end_stewardship(number, reason=" ", by=erin, at=LATER)
    end_stewardship(number, reason="Left the job.", by=erin, at=LATER)
    assert found(alice, at=FAR) is None
    assert found(alice, at=AT) == "Alice Planner"
    with pytest.raises(Conflict, match="ended already"):
        end_stewardship(number, reason="Again.", by=erin, at=FAR)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"domain": "horses"}, Invalid),
        ({"field": "No such"}, Invalid),
        ({"level": "tier", "place": "key"}, Invalid),
        ({"level": "region"}, Invalid),
        ({"place": "north"}, Invalid),
        ({"starts_at": AT - timedelta(seconds=1)}, Invalid),
        ({"starts_at": FAR, "ends_at": LATER}, Invalid),
        ({"reason": ""}, Invalid),
        ({"person": "nobody"}, NotFound),
        ({"person": "person:99999999"}, NotFound),
        ({"person": "dave"}, Invalid),
        ({"person": "gina"}, Invalid),
    ],
)
def test_what_cannot_be_is_refused(alice, dave, change, refusal):
    enter("gina")
    given = {"person": "alice"} | change
    with pytest.raises(CloseknitError) as failure:
        appoint(given.pop("person"), **given)
    assert failure.type is refusal
    assert failure.value.todo or failure.value.where
    assert not Stewardship.objects.exists()


def test_only_who_manages_people_appoints_and_outsiders_ask_nothing(alice, carol, dave):
    for by in (alice, carol):
        with pytest.raises(Denied):
            appoint("alice", by=by)
    for by in (dave, enter("gina")):
        with pytest.raises(Denied):
            reads.find_steward("customers", by=by, at=AT)
        with pytest.raises(Denied):
            reads.list_stewards(by=by, at=AT)
        with pytest.raises(Denied):
            reads.list_sharing_rules(by=by, at=AT)
