"""Lineage both ways: from a plan to the rows it was made of, from a row to every decision that it touched."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.cast import enter, sign_in
from tests.small_company import AT, SmallCompany, build

from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.rooms.capacity.models import Plan
from closeknit.rooms.demand.models import ForecastRun
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.contracts import LineageKind
from closeknit.rooms.sensing.models import Batch, WorkRow
from closeknit.rooms.sensing.tests.test_doors import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(tmp_path) -> SmallCompany:
    return build(tmp_path)


def test_a_plan_goes_back_to_its_forecast_loads_recipe_and_rows(alice, company):
    found = reads.trace_back("plan", company.plan_id, by=alice, limit=10_000)
    assert [node.kind for node in found.nodes] == [LineageKind.PLAN, LineageKind.FORECAST]
    assert [node.version for node in found.nodes] == [
        Plan.objects.get(pk=company.plan_id).code_version,
        ForecastRun.objects.get(pk=company.run_id).code_version,
    ]
    (batch,) = found.batches
    assert (batch.feed, batch.rows) == (company.feed, WorkRow.objects.count())
    assert batch.recipe_version == reads.get_feed(company.feed, by=alice).recipe_version
    run_row = ForecastRun.objects.get(pk=company.run_id)
    used = WorkRow.objects.filter(operation="warehouse", occurred_at__lt=run_row.data_until_at)
    assert {(row.batch_id, row.line) for row in found.rows} == set(used.values_list("batch_id", "line"))


def test_one_number_of_one_account_goes_back_to_its_own_rows(alice, company):
    found = reads.trace_back("forecast", company.run_id, account_number="ACME", by=alice, limit=10_000)
    assert {row.account_number for row in found.rows} == {"ACME"}
    assert len(found.rows) <= WorkRow.objects.filter(account_number="ACME").count()


def test_a_row_goes_forward_to_every_plan_and_decision_that_it_touched(alice, company):
    row = WorkRow.objects.order_by("occurred_at").first()
    found = reads.trace_forward(company.feed, row.batch_id, row.line, file_number=row.file_number, by=alice)
    assert {node.name for node in found.nodes} == {
        *(f"forecast:{pk}" for pk in ForecastRun.objects.values_list("pk", flat=True)),
        *(f"plan:{pk}" for pk in Plan.objects.values_list("pk", flat=True)),
    }
    kinds = {line.version for line in found.lines}
    assert {"batch.loaded", "forecast.refreshed", "plan.drafted"} <= kinds
    assert any(kind.startswith("plan.") and kind != "plan.drafted" for kind in kinds)


def test_what_was_made_before_a_row_was_known_is_not_touched_by_it(alice, company):
    row = WorkRow.objects.order_by("occurred_at").first()
    later = Batch.objects.get(pk=row.batch_id)
    later.pk, later.source_sha256, later.started_at = None, "later", AT + timedelta(days=1)
    later.save(force_insert=True)
    WorkRow.objects.filter(pk=row.pk).update(batch=later)
    found = reads.trace_forward(company.feed, later.pk, row.line, file_number=row.file_number, by=alice)
    assert found.nodes == ()
    back = reads.trace_back("plan", company.plan_id, by=alice, limit=10_000)
    assert (later.pk, row.line) not in {(r.batch_id, r.line) for r in back.rows}


def test_both_ways_agree(alice, company):
    back = reads.trace_back("plan", company.plan_id, by=alice, limit=10_000)
    behind = {(row.batch_id, row.file_number, row.line) for row in back.rows}
    for row in WorkRow.objects.order_by("?")[:15]:
        found = reads.trace_forward(company.feed, row.batch_id, row.line, file_number=row.file_number, by=alice)
        touched = f"plan:{company.plan_id}" in {node.name for node in found.nodes}
        assert touched == ((row.batch_id, row.file_number, row.line) in behind)


def check_event(event):
    """What the specification requires of a run event (OpenLineage.json 2-0-2) and of every facet."""
    assert {"eventTime", "producer", "schemaURL", "run", "job"} <= set(event)
    assert event["eventType"] in ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")
    assert datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00")).tzinfo == UTC
    assert event["schemaURL"].startswith("https://openlineage.io/spec/")
    assert event["run"]["runId"]
    assert event["job"]["namespace"]
    assert event["job"]["name"]
    for dataset in (*event["inputs"], *event["outputs"]):
        assert dataset["namespace"]
        assert dataset["name"]
    for holder in (event["run"], event["job"], *event["inputs"], *event["outputs"]):
        for facets in (holder.get("facets", {}), holder.get("outputFacets", {})):
            for facet in facets.values():
                assert facet["_producer"]
                assert facet["_schemaURL"].startswith("https://openlineage.io/spec/facets/")


def test_open_lineage_events_say_what_the_specification_asks_for(client, capsys, alice, company):
    sign_in(client, "alice")
    events = client.get(f"/api/v1/lineage/plan/{company.plan_id}/openlineage").json()
    assert len(events) == 3
    for event in events:
        check_event(event)
    load, forecast, plan = events
    assert load["outputs"][0]["name"] == forecast["inputs"][0]["name"] == "sensing.work.warehouse"
    assert load["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == WorkRow.objects.count()
    assert load["job"]["facets"]["sourceCode"]["sourceCode"].strip().startswith("recipe: small-company")
    assert forecast["outputs"] == plan["inputs"]
    assert plan["run"]["runId"] == str(company.plan_id)
    page = client.get(f"/lineage/plan/{company.plan_id}/?format=openlineage").json()
    assert page == events


def test_pages_and_command_line_follow_both_ways(client, capsys, alice, company):
    sign_in(client, "alice")
    page = client.get(f"/lineage/plan/{company.plan_id}/").content.decode()
    assert "orders.csv, line" in page
    row = WorkRow.objects.first()
    page = client.get(f"/feeds/{company.feed}/lineage/?batch={row.batch_id}&file={row.file_number}&line={row.line}")
    assert f"/plans/{company.plan_id}/" in page.content.decode()
    assert client.get(f"/feeds/{company.feed}/lineage/?batch=x&line=2").status_code == 422
    assert f"/lineage/plan/{company.plan_id}/" in client.get(f"/plans/{company.plan_id}/").content.decode()
    assert f"/lineage/forecast/{company.run_id}/" in client.get(f"/demand/{company.run_id}/").content.decode()
    export = b"".join(client.get(f"/lineage/forecast/{company.run_id}/?format=csv").streaming_content)
    assert export.count(b"\n") > 100
    found = run(capsys, alice, "sensing", "lineage", "plan", str(company.plan_id))["lineage"]
    assert len(found["batches"]) == 1
    words = ("sensing", "row-lineage", company.feed, str(row.batch_id), str(row.line), "--file", str(row.file_number))
    assert run(capsys, alice, *words)["lineage"]["nodes"]


def test_what_is_not_there_or_not_theirs_is_refused(alice, bob, company):
    with pytest.raises(Denied):
        reads.trace_back("plan", company.plan_id, by=bob)
    with pytest.raises(Denied):
        reads.trace_forward(company.feed, 1, 2, by=bob)
    with pytest.raises(Invalid, match="horse"):
        reads.trace_back("horse", company.plan_id, by=alice)
    with pytest.raises(NotFound):
        reads.trace_back("plan", uuid4(), by=alice)
    with pytest.raises(NotFound, match="No accepted row"):
        reads.trace_forward(company.feed, 10**6, 2, by=enter("alice"))
