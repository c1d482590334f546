"""Refused rows mended and tried again: nothing lost, nothing doubled, and as they came they are kept."""

from datetime import timedelta

import pytest

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.mend_rows import mend_alike, mend_row
from closeknit.rooms.sensing.actions.register_feed import register_feed
from closeknit.rooms.sensing.actions.set_rows_aside import set_rows_aside
from closeknit.rooms.sensing.contracts import Counts, RowOutcome
from closeknit.rooms.sensing.models import Batch, FactRow, QuarantinedRow, WorkRow
from closeknit.rooms.sensing.tests.small import AT, RECIPE, call, load, write_calls

pytestmark = pytest.mark.django_db
WHOLE = RECIPE.replace("    key: [id]\n", "    key: whole-row\n").replace("private: [phone]\n", "")


def counts(feed="small", by=None):
    card = reads.get_feed(feed, by=by)
    assert card.counts.balances
    assert all(Counts(b.read, b.accepted, b.quarantined, b.duplicate).balances for b in Batch.objects.all())
    return card.counts, card.waiting_in_quarantine


def mend(row, by, why="The desk says so.", **values):
    return mend_row(row.pk, values, why=why, by=by, at=AT)


@pytest.fixture
def refused(tmp_path, alice):
    load(write_calls(tmp_path, [call(1), call(2, calls="two"), call(3, calls="three")]), alice)
    return list(QuarantinedRow.objects.order_by("line"))


def test_a_mended_row_is_accepted_where_it_came_from(alice, refused):
    row = refused[0]
    raw = dict(row.raw)
    outcome = mend(row, alice, calls="2")
    assert (outcome.rows, outcome.accepted, outcome.duplicate, outcome.refused) == (1, 1, 0, ())
    assert counts(by=alice) == (Counts(3, 2, 1, 0), 1)
    work = WorkRow.objects.get(line=row.line)
    assert (work.batch_id, work.key, work.quantity) == (row.batch_id, "2", 2.0)
    row.refresh_from_db()
    assert row.raw == raw
    assert (row.mended["calls"], row.outcome, row.settled_by_key) == ("2", "accepted", alice.key)
    entry = LedgerEntry.objects.get(kind="quarantine.mended")
    assert entry.thread_id == Batch.objects.get().thread_id
    (span,) = reads.list_operations(by=alice)
    assert span.rows == 2


def test_a_mended_row_that_the_source_sends_right_later_is_a_duplicate(tmp_path, alice, refused):
    mend(refused[0], alice, calls="2")
    again = load(write_calls(tmp_path, [call(1), call(2, calls="2"), call(3, calls="three")], "calls2.csv"), alice)
    assert again.counts == Counts(3, 0, 0, 3)
    assert WorkRow.objects.count() == 2


def test_the_row_as_it_came_is_known_when_it_comes_again(tmp_path, alice, refused):
    mend(refused[0], alice, calls="2")
    again = load(write_calls(tmp_path, [call(2, calls="two")], "calls3.csv"), alice)
    assert again.counts == Counts(1, 0, 0, 1)


def test_a_row_that_is_there_already_moves_to_the_duplicates(tmp_path, alice, refused):
    load(write_calls(tmp_path, [call(2, calls="2")], "calls4.csv"), alice)
    outcome = mend(refused[0], alice, calls="2")
    assert (outcome.accepted, outcome.duplicate) == (0, 1)
    assert counts(by=alice) == (Counts(4, 2, 1, 1), 1)


def test_a_row_that_contradicts_another_is_still_refused_and_changes_nothing(alice, refused):
    before = counts(by=alice)
    outcome = mend(refused[0], alice, id="1", calls="2")
    assert [(card.code, card.outcome) for card in outcome.refused] == [("key-conflict", RowOutcome.WAITING)]
    assert counts(by=alice) == before
    refused[0].refresh_from_db()
    assert (refused[0].mended, refused[0].code) == (None, "not-a-number")
    assert not LedgerEntry.objects.filter(kind="quarantine.mended").exists()


def test_mending_twice_is_a_conflict_and_counts_once(alice, refused):
    mend(refused[0], alice, calls="2")
    before = counts(by=alice)
    with pytest.raises(Conflict, match="waits no more"):
        mend(refused[0], alice, calls="9")
    assert counts(by=alice) == before


def test_all_rows_of_one_reason_take_the_same_replacement(tmp_path, alice):
    rows = [call(n, calls="one" if n % 2 else "many") for n in range(1, 41)]
    load(write_calls(tmp_path, rows), alice)
    outcome = mend_alike("small", "not-a-number", column="calls", was="one", to="1", why="Words.", by=alice, at=AT)
    assert (outcome.rows, outcome.accepted, len(outcome.refused)) == (40, 20, 20)
    assert outcome.balances
    assert counts(by=alice) == (Counts(40, 20, 20, 0), 20)
    assert {row.raw["calls"] for row in QuarantinedRow.objects.filter(released_at=None)} == {"many"}


def test_rows_are_tried_again_as_they_are_after_the_recipe_changed(alice, refused):
    words = 'quantity: {from: calls, required: true, words: {two: "2", three: "3"}}'
    changed = RECIPE.replace("quantity: {from: calls, required: true}", words)
    register_feed(changed, place="small.yaml", by=alice, at=AT)
    outcome = mend_alike("small", "not-a-number", why="The recipe knows words now.", by=alice, at=AT)
    assert (outcome.accepted, outcome.refused) == (2, ())
    assert sorted(WorkRow.objects.values_list("quantity", flat=True)) == [1.0, 2.0, 3.0]
    version = reads.get_feed("small", by=alice).recipe_version
    assert set(QuarantinedRow.objects.values_list("mended_by_version", flat=True)) == {version}


def test_an_old_fact_does_not_unsay_a_later_one(tmp_path, alice):
    def state(name, rows):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "accounts.csv").write_text("number,name,tier\n" + rows)
        return load(folder, alice)

    state("first", "A1,Acme,no such tier\n")
    state("second", "A1,Acme Works,key\n")
    (row,) = QuarantinedRow.objects.all()
    outcome = mend(row, alice, tier="volume")
    assert [card.code for card in outcome.refused] == ["stated-later"]
    assert FactRow.objects.get(kind="account", superseded_at=None).body["name"] == "Acme Works"


def test_a_fact_is_mended_like_work(tmp_path, alice):
    (tmp_path / "accounts.csv").write_text("number,name,tier\nA1,Acme,no such tier\n")
    load(tmp_path, alice)
    outcome = mend(QuarantinedRow.objects.get(), alice, tier="key")
    assert outcome.accepted == 1
    assert FactRow.objects.get(kind="account").body["tier"] == "key"


def test_rows_told_apart_by_all_they_say_are_the_same_as_in_a_right_file(tmp_path, alice):
    load(write_calls(tmp_path, [call(1), call(2, calls="two")]), alice, recipe=WHOLE)
    mend(QuarantinedRow.objects.get(), alice, calls="2")
    again = load(write_calls(tmp_path, [call(2, calls="2")], "calls5.csv"), alice, recipe=WHOLE)
    assert again.counts == Counts(1, 0, 0, 1)


def test_an_unreadable_row_is_written_anew(tmp_path, alice):
    load(write_calls(tmp_path, ["7,8\n"]), alice)
    row = QuarantinedRow.objects.get()
    assert row.code == "ragged-row"
    outcome = mend(row, alice, id="7", at="2026-02-01T10:00:00", calls="8")
    assert outcome.accepted == 1
    assert WorkRow.objects.get().key == "7"


def test_rightly_refused_rows_wait_no_more_and_stay_counted(alice, refused):
    assert set_rows_aside([refused[0].pk], why="A test.", by=alice, at=AT) == 1
    assert counts(by=alice) == (Counts(3, 1, 2, 0), 1)
    with pytest.raises(Conflict, match="Not all"):
        set_rows_aside([row.pk for row in refused], why="A test.", by=alice, at=AT)
    (card,) = reads.list_quarantined(by=alice, feed="small", also_settled=True, limit=10)[1:]
    assert (card.outcome, card.settled_why) == (RowOutcome.SET_ASIDE, "A test.")
    assert LedgerEntry.objects.filter(kind="quarantine.set-aside").count() == 1


def test_what_cannot_be_mended_here_is_refused(tmp_path, alice, bob, frank, refused):
    for by in (bob, frank):
        with pytest.raises(Denied):
            mend(refused[0], by, calls="2")
        with pytest.raises(Denied):
            mend_alike("small", "not-a-number", why="So.", by=by, at=AT)
        with pytest.raises(Denied):
            set_rows_aside([refused[0].pk], why="So.", by=by, at=AT)
    with pytest.raises(NotFound):
        mend_row(10**9, {}, why="So.", by=alice, at=AT)
    with pytest.raises(Invalid, match="no column 'horses'"):
        mend(refused[0], alice, horses="2")
    with pytest.raises(Invalid, match="needs a reason"):
        mend(refused[0], alice, why=" ", calls="2")
    with pytest.raises(Invalid, match="cannot be kept"):
        mend(refused[0], alice, calls="2\x00")
    used = RECIPE.replace("details: {topic: topic}", "details: {topic: topic, number: phone}")
    register_feed(used, place="small.yaml", by=alice, at=AT)
    with pytest.raises(Invalid, match="phone is private"):
        mend(refused[0], alice, calls="2")


def test_nobody_mends_while_the_feed_is_being_loaded(alice, refused, monkeypatch):
    from closeknit.rooms.sensing.actions import mend_rows

    def busy(feed):
        raise Conflict("busy")

    monkeypatch.setattr(mend_rows, "only_one_loader", busy)
    with pytest.raises(Conflict, match="busy"):
        mend(refused[0], alice, calls="2")


def test_every_problem_of_a_row_is_said_beside_its_columns(tmp_path, alice):
    load(write_calls(tmp_path, [call(2, calls="two", at="2026-02-30T10:00:00")]), alice)
    row = QuarantinedRow.objects.get()
    shown = reads.get_row_to_mend(row.pk, by=alice, at=AT)
    wrong = {column.column: [p.code for p in column.problems] for column in shown.columns if column.problems}
    assert wrong == {"at": ["impossible-date"], "calls": ["not-a-number"]}
    assert "phone" not in {column.column for column in shown.columns}
    better = reads.get_row_to_mend(row.pk, values={"at": "2026-02-03T10:00:00"}, by=alice, at=AT + timedelta(days=1))
    assert [p.target for p in better.problems] == ["quantity"]
