"""Sales against the plan in force: what differs is raised once, owned, settled in words, and held against what came."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from tests.cast import enter, sign_in
from tests.small_company import AT, build, deliver_all

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.capacity import compute, reads
from closeknit.rooms.capacity.actions.measure_differences import measure_differences
from closeknit.rooms.capacity.actions.raise_differences import raise_differences
from closeknit.rooms.capacity.actions.settle_difference import assign_difference, settle_difference
from closeknit.rooms.capacity.contracts import DifferenceState, NearerTo, PoolProjection, Resolution
from closeknit.rooms.capacity.models import PipelineDifference
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.models import LedgerEntry, Notice
from closeknit.rooms.demand.tests.coming import come_in
from closeknit.rooms.org.reads import system_actor
from closeknit.rooms.sensing.actions.load_recipe import load_recipe

MONDAY = date(2026, 3, 2)
FOUND = PoolProjection("pickers", "Pickers", MONDAY, 40.0, 40.0, 0.0, 10.0)
RECIPE = """
recipe: crm
title: Sales
time_zone: Europe/Berlin
streams:
  - name: opportunities
    from: opportunities.csv
    into: opportunity
    fields: {opportunity_number: number, account_number: account, operation: {value: warehouse},
             service: {value: picking}, stage: stage, units_per_week: units, opened_on: opened,
             expected_close_on: closes, starts_on: starts, stated_share: chance}
"""


def sell(folder, units, name="crm"):
    """Sales states one opportunity of ACME, won for sure, from the plan's second week on."""
    folder = folder / f"{name}-{units}"
    folder.mkdir()
    (folder / "recipe.yaml").write_text(RECIPE)
    row = f"O1,ACME,proposal,{units},2026-01-05,2026-03-02,2026-03-09,1"
    (folder / "opportunities.csv").write_text(f"number,account,stage,units,opened,closes,starts,chance\n{row}\n")
    load_recipe(str(folder / "recipe.yaml"), folder, by=enter("alice"), at=AT)


@pytest.fixture
def company(tmp_path, db):
    made = build(tmp_path)
    sell(tmp_path, 2000)
    return made


def look():
    return raise_differences("warehouse", by=system_actor(), at=AT)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"pipeline_hours": 3.0}, False),
        ({"pipeline_hours": 0.0, "need_hours": 80.0}, False),
        ({"pipeline_hours": 0.0, "counted_hours": 10.0}, True),
        ({"pipeline_hours": 10.0, "counted_hours": 10.0}, False),
        ({"committed_hours": 0.0, "need_hours": 0.0}, True),
    ],
)
def test_only_what_the_pipeline_moves_by_more_than_the_share_differs(changes, expected):
    assert compute.differs(replace(FOUND, **changes), 0.1) is expected


def test_both_signs_and_who_was_nearer():
    assert FOUND.difference_hours == 10.0
    assert replace(FOUND, counted_hours=15.0).difference_hours == -5.0
    assert compute.nearer_to(50.0, 40.0, 48.0) is NearerTo.SALES
    assert compute.nearer_to(50.0, 40.0, 45.0) is NearerTo.PLAN
    assert compute.nearer_to(50.0, 40.0, 38.0) is NearerTo.PLAN


def test_a_difference_is_raised_once_with_owner_day_and_line(company, alice):
    assert look() == 1
    assert look() == 0
    (card,) = reads.list_differences(by=alice, at=AT)
    assert (card.pool, card.week_on, card.state, card.owner) == (
        "pickers",
        MONDAY + timedelta(days=7),
        DifferenceState.OPEN,
        "Planners",
    )
    # 2,000 units at 6 minutes.
    assert card.pipeline_hours == pytest.approx(200.0)
    assert card.difference_hours == pytest.approx(card.need_hours + 200.0 - card.committed_hours)
    assert (card.due_on - AT.date()).days == 5
    (line,) = decisions.get_thread(card.thread_id, by=alice)
    assert line.kind == "pipeline-difference.raised"
    assert "more than the plan in force has" in line.sentence


def test_it_is_brought_up_to_date_and_gone_when_both_agree_again(company, tmp_path, alice):
    look()
    sell(tmp_path, 1500)
    assert look() == 0
    (card,) = reads.list_differences(by=alice, at=AT)
    assert card.pipeline_hours == pytest.approx(150.0)
    sell(tmp_path, 1)
    assert look() == 0
    (card,) = reads.list_differences(by=alice, at=AT)
    assert card.state is DifferenceState.GONE
    assert LedgerEntry.objects.filter(kind="pipeline-difference.gone").count() == 1


def test_settled_stays_settled_until_it_moves_as_much_again(company, tmp_path, alice):
    look()
    (card,) = reads.list_differences(by=alice, at=AT)
    settle_difference(card.difference_id, resolution=Resolution.ACCEPTED, text="We know.", by=alice, at=AT)
    assert look() == 0
    with pytest.raises(Conflict, match="settled"):
        settle_difference(card.difference_id, resolution=Resolution.ACCEPTED, text="Again.", by=alice, at=AT)
    settled = reads.get_difference(card.difference_id, by=alice, at=AT)
    assert (settled.resolution, settled.resolution_text, settled.settled_by) == (
        Resolution.ACCEPTED,
        "We know.",
        "Alice Planner",
    )
    sell(tmp_path, 3000)
    assert look() == 1


def test_who_may_answer(company, alice, bob, carol, frank):
    look()
    (card,) = reads.list_differences(by=alice, at=AT)
    assert reads.list_differences(by=bob, at=AT) == []
    with pytest.raises(NotFound):
        reads.get_difference(card.difference_id, by=bob, at=AT)
    for person in (bob, frank):
        with pytest.raises(Denied):
            settle_difference(card.difference_id, resolution=Resolution.ACCEPTED, text="So.", by=person, at=AT)
    with pytest.raises(Invalid):
        settle_difference(card.difference_id, resolution=Resolution.ACCEPTED, text=" ", by=carol, at=AT)
    with pytest.raises(Invalid):
        assign_difference(card.difference_id, to="bob", by=alice, at=AT)
    assign_difference(card.difference_id, to="carol", by=alice, at=AT)
    assert reads.get_difference(card.difference_id, by=alice, at=AT).owner == "Carol Lead"
    assert Notice.objects.filter(person_key=carol.key, cause=f"pipeline-difference:{card.difference_id}").count() == 1


@pytest.mark.parametrize(("factor", "nearer"), [(1.0, NearerTo.PLAN), (2.4, NearerTo.SALES)])
def test_after_the_week_it_is_said_who_was_nearer(company, tmp_path, alice, factor, nearer):
    look()
    assert measure_differences("warehouse", by=system_actor(), at=AT) == 0
    come_in(tmp_path, weeks=2, factor=factor)
    later = AT + timedelta(days=20)
    assert measure_differences("warehouse", by=system_actor(), at=later) == 1
    assert measure_differences("warehouse", by=system_actor(), at=later) == 0
    (card,) = reads.list_differences(by=alice, at=later)
    assert card.nearer_to is nearer
    week = sum(round((size + day % 7) * factor) for size in (90, 70, 40) for day in range(7))
    assert card.actual_hours == pytest.approx(week * 0.1)
    assert reads.count_differences(by=alice)[nearer.value] == 1


def test_a_new_plan_and_new_opportunities_have_it_looked_at_by_the_worker(tmp_path, db):
    build(tmp_path)
    waiting = (
        "select count(*) from procrastinate_jobs where task_name like '%%look_at_pipeline_job' and status = 'todo'"
    )
    with connection.cursor() as cursor:
        cursor.execute(waiting)
        assert cursor.fetchone()[0] == 1
        cursor.execute("delete from procrastinate_jobs")
        sell(tmp_path, 2000)
        deliver_all()
        cursor.execute(waiting)
        assert cursor.fetchone()[0] == 1


def test_the_database_lets_no_second_open_one_be(company):
    look()
    row = PipelineDifference.objects.get()
    row.pk = "00000000-0000-7000-8000-000000000001"
    with pytest.raises(Exception, match="one_open_difference"), transaction.atomic():
        row.save(force_insert=True)


def test_on_pages_and_api(company, client, alice):
    look()
    row = PipelineDifference.objects.get()
    sign_in(client, "alice")
    for address in ("/plans/differences/", f"/plans/differences/{row.pk}/", "/tiles/pipeline-differences/"):
        assert "Pickers" in client.get(address).content.decode(), address
    assert client.get("/api/v1/pipeline-differences").json()[0]["pipeline_hours"] == pytest.approx(200.0)
    assert client.post(f"/plans/differences/{row.pk}/assign/", {"to": "nobody"}).status_code == 422
    assert client.post(f"/plans/differences/{row.pk}/assign/", {"to": "carol"}).status_code == 302
    said = {"resolution": "more-capacity", "text": "Two more pickers."}
    assert client.post(f"/plans/differences/{row.pk}/settle/", said).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.resolution, row.owner_name) == ("settled", "more-capacity", "Carol Lead")
    again = client.post(f"/api/v1/pipeline-differences/{row.pk}/settle", said, content_type="application/json")
    assert again.status_code == 409
