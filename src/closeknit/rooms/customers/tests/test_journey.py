"""The journey map: what came by which touchpoint, to whom it goes, and where it falls short."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from closeknit.kernel import ids
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.set_touchpoint import end_touchpoint, set_touchpoint
from closeknit.rooms.customers.compute.journey import map_journey
from closeknit.rooms.customers.contracts.journey import Gap, Stage, TouchpointPlan, Triage
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.sensing.contracts.traffic import Traffic
from closeknit.rooms.sensing.tests.small import call, load, write_calls

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DESK = TouchpointPlan("Calls the desk", Stage.GET_HELP, "desk", "phone", "", "agents", "person:1", 60, Triage.RULE)


def came(count: int = 9, *, service: str = "phone", channel: str = "line", minutes: float | None = 30.0) -> Traffic:
    """Return so many rows of the desk."""
    finished = count if minutes is not None else 0
    return Traffic("desk", service, channel, count, AT, finished, minutes, minutes, 4, 3)


def one(plan: TouchpointPlan, *traffic: Traffic, owners=None):
    """Return the only card of a map."""
    known = {"person:1": "Alice"} if owners is None else owners
    (card,), unmapped = map_journey([(ids.new_id(), plan, ids.new_id())], traffic, known, 28)
    return card, unmapped


def test_a_touchpoint_without_gaps_shows_what_came_and_how_it_went():
    card, unmapped = one(DESK, came())
    assert (card.count, card.median_minutes, card.met_share, card.owner, card.gaps) == (9, 30.0, 0.75, "Alice", {})
    assert unmapped == []


@pytest.mark.parametrize(
    ("plan", "traffic", "owners", "gap", "words"),
    [
        (DESK, [], None, Gap.NO_DATA, "Nothing was observed"),
        (replace(DESK, owner_key=""), [came()], None, Gap.NO_OWNER, "Nobody answers"),
        (DESK, [came()], {}, Gap.NO_OWNER, "cannot sign in"),
        (replace(DESK, queue=""), [came()], None, Gap.NO_OWNER, "no queue"),
        (DESK, [came(minutes=61.0)], None, Gap.TOO_SLOW, "61 minutes"),
        (replace(DESK, triage=Triage.HAND), [came()], None, Gap.BY_HAND, "reads each one"),
    ],
)
def test_each_gap_is_named_with_its_sentence(plan, traffic, owners, gap, words):
    card, _ = one(plan, *traffic, owners=owners)
    assert set(card.gaps) == {gap}
    assert words in card.gaps[gap]


def test_the_slowest_way_counts_but_four_finished_judge_nobody():
    card, _ = one(DESK, came(minutes=20.0), came(4, channel="fax", minutes=900.0))
    assert card.gaps == {}
    card, _ = one(DESK, came(minutes=20.0), came(5, channel="fax", minutes=900.0))
    assert "fax" in card.gaps[Gap.TOO_SLOW]


def test_work_belongs_to_the_touchpoint_that_says_most_of_it_and_the_rest_is_not_on_the_map():
    wide = replace(DESK, name="The desk", service="")
    narrow = replace(DESK, name="By line", channel="line")
    stated = [(ids.new_id(), plan, ids.new_id()) for plan in (wide, DESK, narrow)]
    other = replace(came(7), operation="yard")
    mapped, unmapped = map_journey(
        stated, [came(1, service="mail"), came(2, channel="app"), came(3), other], {"person:1": "A"}, 28
    )
    assert {card.plan.name: card.count for card in mapped} == {"The desk": 1, "Calls the desk": 2, "By line": 3}
    (loose,) = unmapped
    assert (loose.count, loose.touchpoint_id, set(loose.gaps)) == (7, None, {Gap.NOT_MAPPED})


@pytest.mark.django_db
def test_the_map_is_of_what_was_observed_and_remembers_what_it_was(tmp_path, alice, accounts):
    del accounts
    load(write_calls(tmp_path, [call(n, at=f"2026-02-{n:02d}T10:00:00", account="ACME") for n in range(10, 20)]), alice)
    before = reads.get_journey(by=alice, at=AT)
    assert [(card.plan.operation, card.count) for card in before.unmapped] == [("desk", 10)]
    plan = replace(DESK, owner_key=alice.key)
    touchpoint_id = set_touchpoint(plan, by=alice, at=AT)
    (card,) = reads.get_journey(by=alice, at=AT).touchpoints
    assert (card.count, card.owner) == (10, alice.name)
    later = AT + timedelta(days=1)
    set_touchpoint(replace(plan, queue="others"), touchpoint_id=touchpoint_id, by=alice, at=later)
    assert (
        set_touchpoint(replace(plan, queue="others"), touchpoint_id=touchpoint_id, by=alice, at=later) == touchpoint_id
    )
    assert [c.plan.queue for c in reads.get_journey(by=alice, at=AT).touchpoints] == ["agents"]
    assert [c.plan.queue for c in reads.get_journey(by=alice, at=later).touchpoints] == ["others"]
    end_touchpoint(touchpoint_id, by=alice, at=later + timedelta(days=1))
    assert reads.get_journey(by=alice, at=later + timedelta(days=2)).touchpoints == ()
    kinds = [line.kind for line in decisions.list_entries(by=alice, kind="touchpoint.")]
    assert kinds == ["touchpoint.ended", "touchpoint.set", "touchpoint.set"]


@pytest.mark.django_db
def test_one_account_alone_is_for_who_sees_it_and_all_for_who_sees_all(tmp_path, alice, bob, accounts):
    del accounts
    lines = [call(1, at="2026-02-20T10:00:00", account="ACME"), call(2, at="2026-02-20T10:00:00", account="CRUMB")]
    load(write_calls(tmp_path, lines), alice)
    seen = {key.account_number for key in reads.list_account_keys(by=bob)}
    mine = sorted(seen)[0]
    assert sum(c.count for c in reads.get_journey(account_number="ACME", by=alice, at=AT).unmapped) == 1
    assert reads.get_journey(account_number=mine, by=bob, at=AT).account_number == mine
    with pytest.raises(NotFound):
        reads.get_journey(by=bob, at=AT)
    for number in {"ACME", "BOLT", "CRUMB"} - seen:
        with pytest.raises(NotFound):
            reads.get_journey(account_number=number, by=bob, at=AT)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"name": " "},
        {"operation": ""},
        {"queue": "x" * 81},
        {"channel": "a\x00b"},
        {"answer_within_minutes": 0},
        {"answer_within_minutes": 10**7},
        {"owner_key": "person:999999"},
    ],
)
def test_what_cannot_be_a_touchpoint_is_refused(alice, change):
    with pytest.raises(Invalid):
        set_touchpoint(
            replace(DESK, owner_key="", **change) if "owner_key" not in change else replace(DESK, **change),
            by=alice,
            at=AT,
        )


@pytest.mark.django_db
def test_two_touchpoints_of_one_way_and_unknown_ones_and_strangers_are_refused(alice, bob):
    plan = replace(DESK, owner_key="")
    set_touchpoint(plan, by=alice, at=AT)
    with pytest.raises(Conflict):
        set_touchpoint(replace(plan, name="Again"), by=alice, at=AT)
    with pytest.raises(NotFound):
        set_touchpoint(plan, touchpoint_id=ids.new_id(), by=alice, at=AT)
    with pytest.raises(NotFound):
        end_touchpoint(ids.new_id(), by=alice, at=AT)
    with pytest.raises(Denied):
        set_touchpoint(plan, by=bob, at=AT)
