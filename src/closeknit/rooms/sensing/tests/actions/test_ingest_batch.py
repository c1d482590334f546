import gzip
import json

import pytest
from django.db import IntegrityError, connection, transaction

from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.actions.issue_token import issue_token
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.ingest_batch import ingest_batch
from closeknit.rooms.sensing.actions.ingest_lines import ingest_body, ingest_lines
from closeknit.rooms.sensing.contracts import BatchState, Counts, FactKind
from closeknit.rooms.sensing.models import Batch, FactRow, QuarantinedRow, WorkRow
from closeknit.rooms.sensing.tests.small import AT, HEADER, RECIPE, call, load, write_calls

pytestmark = pytest.mark.django_db
# Fixed: what a digest stands for in plans and ledgers must not move with the way rows are mapped.
GOLDEN = "129a7294bf6013876262e07b0f5ccff024e65c92bcabf8057378f7f25b0ea913"


def test_rows_are_accepted_refused_or_known_and_the_counts_balance(tmp_path, alice):
    lines = [
        call(1),
        call(2),
        call(2),
        call(2, calls="7"),
        call(3, calls="NaN"),
        call(4, kind="test"),
        call(5, at="2026-02-30T10:00:00"),
    ]
    card = load(write_calls(tmp_path, lines), alice)
    assert card.counts == Counts(read=7, accepted=2, quarantined=4, duplicate=1)
    assert card.state is BatchState.DONE
    refused = {row.line: row.code for row in reads.list_quarantined(by=alice)}
    assert refused == {5: "key-conflict", 6: "not-finite", 7: "test-call", 8: "impossible-date"}
    work = WorkRow.objects.get(key="1")
    assert (work.line, work.handle_minutes, work.occurred_at.hour) == (2, 1.5, 9)


def test_private_columns_are_kept_nowhere(tmp_path, alice):
    load(write_calls(tmp_path, [call(1), call(2, calls="x"), "3,too,few\n"]), alice)
    kept = str(list(QuarantinedRow.objects.values_list("raw", flat=True))) + str(list(WorkRow.objects.values()))
    assert "30 1234" not in kept
    assert QuarantinedRow.objects.count() == 2


def test_the_same_file_again_accepts_nothing_and_publishes_nothing(tmp_path, alice):
    path = write_calls(tmp_path, [call(1), call(2), call(2, calls="7"), call(3, calls="NaN")])
    load(path, alice)
    before = EventRow.objects.count()
    assert load(path, alice).counts == Counts(read=4, accepted=0, quarantined=0, duplicate=4)
    assert EventRow.objects.count() == before


def test_a_longer_file_adds_only_what_is_new_and_the_digest_knows_no_order(tmp_path, alice):
    load(write_calls(tmp_path, [call(n) for n in range(5)]), alice)
    card = load(write_calls(tmp_path, [call(n) for n in range(8)], "calls-2.csv"), alice)
    assert card.counts == Counts(read=8, accepted=3, quarantined=0, duplicate=5)
    digest = reads.get_operation("desk", by=alice).digest
    other = RECIPE.replace("recipe: small", "recipe: other")
    load(write_calls(tmp_path, [call(n) for n in reversed(range(8))], "calls-3.csv"), alice, recipe=other)
    spans = reads.list_operations(by=alice)
    assert [span.rows for span in spans] == [16]
    assert digest != spans[0].digest


def test_equal_data_has_an_equal_digest(tmp_path, alice):
    def digest_of(parts):
        for number, part in enumerate(parts):
            load(write_calls(tmp_path, [call(n) for n in part], f"calls-{number}.csv"), alice)
        found = reads.get_operation("desk", by=alice).digest
        transaction.set_rollback(True)
        return found

    digests = []
    for parts in ([range(6)], [range(3), range(3, 6)], [[5, 4, 3], [2, 1, 0]]):
        with transaction.atomic():
            digests.append(digest_of(parts))
    assert len(set(digests)) == 1


def test_a_row_mended_by_a_new_recipe_leaves_quarantine(tmp_path, alice):
    path = write_calls(tmp_path, [call(1), call(2, kind="test")])
    load(path, alice)
    assert reads.get_feed("small", by=alice).waiting_in_quarantine == 1
    card = load(path, alice, recipe=RECIPE.replace("{kind: test}", "{kind: never}"))
    assert card.counts == Counts(read=2, accepted=1, quarantined=0, duplicate=1)
    assert reads.get_feed("small", by=alice).waiting_in_quarantine == 0


def test_a_changed_recipe_does_not_turn_known_rows_into_conflicts(tmp_path, alice):
    path = write_calls(tmp_path, [call(1), call(2)])
    load(path, alice)
    card = load(path, alice, recipe=RECIPE.replace("unit: seconds", "unit: minutes"))
    assert card.counts == Counts(read=2, accepted=0, quarantined=0, duplicate=2)


def test_facts_have_versions_and_a_contradiction_inside_a_file_is_refused(tmp_path, alice):
    path = tmp_path / "accounts.csv"
    path.write_text("number,name,tier\nA1,One,key\nA1,One,key\nA1,Uno,key\nA2,,volume\n")
    assert load(path, alice).counts == Counts(read=4, accepted=1, quarantined=2, duplicate=1)
    assert load(path, alice).counts == Counts(read=4, accepted=0, quarantined=0, duplicate=4)
    path.write_text("number,name,tier\nA1,One Ltd,strategic\n")
    assert load(path, alice).counts.accepted == 1
    assert [f.body["name"] for f in reads.list_facts(FactKind.ACCOUNT, by=alice)] == ["One Ltd"]
    every = reads.list_facts(FactKind.ACCOUNT, by=alice, include_superseded=True)
    assert [f.body["name"] for f in every] == ["One", "One Ltd"]


def test_assumed_facts_follow_the_recipe(tmp_path, alice):
    path = write_calls(tmp_path, [call(1)])
    load(path, alice)
    facts = reads.list_facts(FactKind.TERM, by=alice)
    assert [(f.is_assumed, f.body["target_share"], f.body["credit_per_miss"]) for f in facts] == [(True, 0.8, "1.5")]
    load(path, alice, recipe=RECIPE.replace("target_share: 0.8,", "target_share: 0.75,"))
    assert [f.body["target_share"] for f in reads.list_facts(FactKind.TERM, by=alice)] == [0.75]
    load(path, alice, recipe=RECIPE[: RECIPE.index("assumed_facts")])
    assert reads.list_facts(FactKind.TERM, by=alice) == []
    assert FactRow.objects.count() == 2


def test_a_load_is_one_ledger_line_and_one_event_on_its_thread(tmp_path, alice):
    card = load(write_calls(tmp_path, [call(1)]), alice)
    (line,) = decisions.list_entries(kind="batch.loaded", by=alice)
    assert line.thread_id == card.thread_id
    assert "1 rows read = 1 accepted" in line.sentence
    event = EventRow.objects.get(name="DemandObserved")
    assert (event.thread_id, event.body["operations"]) == (card.thread_id, ["desk"])


def test_lines_of_a_request_are_the_same_rows_as_those_of_a_file(tmp_path, alice):
    load(write_calls(tmp_path, [call(1)]), alice)
    row = dict(zip(HEADER.strip().split(","), call(1).strip().split(","), strict=True))
    del row["phone"]
    known, new = json.dumps(row), json.dumps({**row, "id": 2})
    card = ingest_lines("small", "calls", [known.encode(), new.encode(), b"{"], by=alice, at=AT)
    assert card.counts == Counts(read=3, accepted=1, quarantined=1, duplicate=1)


def test_a_source_without_a_column_is_refused_before_anything_is_written(tmp_path, alice):
    (tmp_path / "calls.csv").write_text("id,at\n1,2026-02-01T10:00:00\n")
    with pytest.raises(Invalid, match="no column"):
        load(tmp_path / "calls.csv", alice)
    assert not Batch.objects.exists()


def test_only_who_may_load_loads(tmp_path, alice, bob, dave):
    path = write_calls(tmp_path, [call(1)])
    for person in (bob, dave):
        with pytest.raises(Denied):
            load(path, person)
    with pytest.raises(NotFound):
        ingest_batch("nothing", None, by=alice, at=AT)  # type: ignore[arg-type]


def test_who_sees_only_some_accounts_does_not_load(tmp_path, alice):
    load(write_calls(tmp_path, [call(1)]), alice)
    token = issue_token(label="door", scopes=[Permission.LOAD_DATA], by=alice).token
    with pytest.raises(Denied):
        ingest_lines("small", "calls", [b"{}"], by=org.find_actor_of_token(token), at=AT)
    assert Batch.objects.count() == 1


def test_a_packed_body_is_unpacked_within_bounds(tmp_path, alice):
    load(write_calls(tmp_path, [call(1)]), alice)
    row = json.dumps({"id": 2, "at": "2026-02-01T10:00:00Z", "calls": 1}).encode()
    card = ingest_body("small", "calls", gzip.compress(row), encoding="GZIP", by=alice, at=AT)
    assert card.counts == Counts(read=1, accepted=1, quarantined=0, duplicate=0)
    assert ingest_body("small", "calls", row, by=alice, at=AT).counts.duplicate == 1
    bomb = gzip.compress(b"\n" * (40 << 20))
    for body, encoding, why in (
        (bomb, "gzip", "200 times"),
        (b"x", "gzip", "unpacked"),
        (b"x", "br", "br"),
        (gzip.compress(b"[" * (80 << 20)), "gzip", "unpacks to more"),
    ):
        with pytest.raises(Invalid, match=why):
            ingest_body("small", "calls", body, encoding=encoding, by=alice, at=AT)
    assert Batch.objects.count() == 3


def test_the_database_refuses_counts_that_do_not_balance(tmp_path, alice):
    card = load(write_calls(tmp_path, [call(1)]), alice)
    with (
        pytest.raises(IntegrityError, match="batch_balances"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("update sensing_batch set accepted = accepted + 1 where id = %s", [card.batch_id])


def test_the_database_refuses_work_without_its_batch_and_keeps_batches_with_work(tmp_path, alice, owner):
    card = load(write_calls(tmp_path, [call(1)]), alice)
    work = WorkRow.objects.get()
    with pytest.raises(IntegrityError, match="needs the batch"), transaction.atomic():
        WorkRow.objects.filter(pk=work.pk).update(batch_id=card.batch_id + 1)
    work.pk, work.key_hash, work.batch_id = None, b"other", card.batch_id + 1
    with pytest.raises(IntegrityError, match="needs the batch"), transaction.atomic():
        WorkRow.objects.bulk_create([work])
    with connection.cursor() as cursor:
        cursor.execute("delete from sensing_batch_operation")
        with pytest.raises(IntegrityError, match="is kept"), transaction.atomic():
            cursor.execute("delete from sensing_batch where id = %s", [card.batch_id])


def test_the_digest_of_given_rows_never_changes(tmp_path, alice):
    load(write_calls(tmp_path, [call(n, topic="é|x" if n % 2 else "") for n in range(40)]), alice)
    assert reads.get_operation("desk", by=alice).digest == GOLDEN


def test_one_known_key_among_new_ones_costs_no_other_row(tmp_path, alice, monkeypatch):
    monkeypatch.setattr("closeknit.rooms.sensing.actions.ingest_batch.CHUNK_ROWS", 10)
    load(write_calls(tmp_path, [call(15), call(35, calls="2")]), alice)
    card = load(write_calls(tmp_path, [call(n) for n in range(50)]), alice)
    assert card.counts == Counts(read=50, accepted=48, quarantined=1, duplicate=1)
    assert sorted(int(key) for key in WorkRow.objects.values_list("key", flat=True)) == list(range(50))
    again = load(write_calls(tmp_path, [call(n) for n in range(45, 60)]), alice)
    assert again.counts == Counts(read=15, accepted=10, quarantined=0, duplicate=5)
    assert reads.get_operation("desk", by=alice).rows == WorkRow.objects.count() == 60
