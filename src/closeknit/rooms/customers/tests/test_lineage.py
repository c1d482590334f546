"""Values and scores go back to rows, and rows forward to them; only those who may see money hear of either."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.cast import sign_in
from tests.small_company import AT, SmallCompany, build

from closeknit.kernel.errors import Denied, NotFound
from closeknit.kernel.ids import new_id
from closeknit.rooms.customers.actions.refresh_values import refresh_values
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import LineageKind
from closeknit.rooms.sensing.models import Batch, WorkRow

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(tmp_path) -> SmallCompany:
    return build(tmp_path)


@pytest.fixture
def run_id(company, alice):
    return refresh_values(on=AT.date(), by=alice, at=AT)


def test_values_go_back_to_all_work_before_their_day_and_to_one_accounts_rows(company, run_id, alice):
    found = sensing.trace_back("values", run_id, by=alice, limit=10_000)
    assert [node.kind for node in found.nodes] == [LineageKind.VALUES]
    before = WorkRow.objects.filter(occurred_at__lt=datetime(AT.year, AT.month, AT.day, tzinfo=UTC))
    assert {(r.batch_id, r.line) for r in found.rows} == set(before.values_list("batch_id", "line"))
    assert {batch.operation for batch in found.batches} == set(before.values_list("operation", flat=True))
    own = sensing.trace_back("values", run_id, account_number="ACME", by=alice, limit=10_000)
    assert {row.account_number for row in own.rows} == {"ACME"}
    with pytest.raises(NotFound):
        sensing.trace_back("values", new_id(), by=alice)


def test_a_merged_accounts_rows_are_the_kept_ones(company, run_id, alice, monkeypatch):
    from closeknit.rooms.sensing.reads import lineage

    other = WorkRow.objects.exclude(account_number__in=("ACME", "")).first().account_number
    monkeypatch.setattr(lineage, "account_names", lambda number: ("ACME", other) if number == "ACME" else (number,))
    own = sensing.trace_back("values", run_id, account_number="ACME", by=alice, limit=10_000)
    assert {row.account_number for row in own.rows} == {"ACME", other}


def test_a_row_leads_to_the_values_made_after_it_was_known_and_of_a_day_after_it(company, run_id, alice):
    row = WorkRow.objects.order_by("occurred_at").first()

    def led_to(**changed):
        WorkRow.objects.filter(pk=row.pk).update(**changed)
        found = sensing.trace_forward(company.feed, row.batch_id, row.line, file_number=row.file_number, by=alice)
        return f"values:{run_id}" in {node.name for node in found.nodes}

    assert led_to()
    assert not led_to(occurred_at=datetime(AT.year, AT.month, AT.day, tzinfo=UTC))
    assert led_to(occurred_at=datetime(AT.year, AT.month, AT.day, tzinfo=UTC) - timedelta(seconds=1))
    Batch.objects.filter(pk=row.batch_id).update(started_at=AT + timedelta(seconds=1))
    assert not led_to()


def test_the_accounts_page_leads_there_for_who_may_see_rows(client, company, run_id):
    sign_in(client, "alice")
    address = f"/lineage/values/{run_id}/?account_number=ACME"
    assert address in client.get("/tiles/account-worth/?account=ACME").content.decode()
    page = client.get(address).content.decode()
    assert "every operation" in page
    assert "Values and scores as of" in page
    sign_in(client, "bob")
    assert client.get(address).status_code == 403


def test_who_may_not_see_money_hears_of_no_values(company, run_id, alice):
    row = WorkRow.objects.order_by("occurred_at").first()
    blind = alice.within(alice.permissions - {Permission.READ_MONEY})
    found = sensing.trace_forward(company.feed, row.batch_id, row.line, file_number=row.file_number, by=blind)
    assert not [node for node in found.nodes if node.kind is LineageKind.VALUES]
    with pytest.raises(Denied):
        sensing.trace_back("values", run_id, by=blind)
