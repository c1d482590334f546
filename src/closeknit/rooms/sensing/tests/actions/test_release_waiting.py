"""Refused rows that a later load lets become good: taken up by that load, once, with balance, ledger and news."""

import pytest

from closeknit.kernel.events import EventRow
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions import ingest_batch as loading
from closeknit.rooms.sensing.contracts import Counts, RowOutcome
from closeknit.rooms.sensing.models import Batch, FactRow, QuarantinedRow, WorkRow
from closeknit.rooms.sensing.storing import told_by_keys
from closeknit.rooms.sensing.tests.small import RECIPE, call, load, write_calls

pytestmark = pytest.mark.django_db
KNOWN = RECIPE.replace("account_number: account\n", "account_number: {from: account, known: account}\n")
CHAIN = KNOWN.replace(
    "  - name: calls\n",
    """  - name: sites
    from: sites.csv
    into: site
    fields: {site_id: site, account_number: {from: account, known: account}, name: city}
  - name: calls
""",
)


def write(folder, name, text):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def accounts(folder, *numbers, tier="key"):
    rows = "".join(f"{number},{number},{tier}\n" for number in numbers)
    return write(folder, "accounts.csv", f"number,name,tier\n{rows}")


def waiting():
    return list(QuarantinedRow.objects.filter(released_at=None).order_by("pk").values_list("code", flat=True))


def balances():
    return [Counts(b.read, b.accepted, b.quarantined, b.duplicate) for b in Batch.objects.order_by("pk")]


@pytest.fixture
def early(tmp_path, alice):
    load(accounts(tmp_path / "first", "A1"), alice, recipe=KNOWN)
    load(write_calls(tmp_path, [call(1), call(2, account="A2"), call(3, account="A3")]), alice, recipe=KNOWN)
    assert waiting() == ["unknown-account", "unknown-account"]


def test_work_of_an_account_that_comes_later_is_taken_up_by_that_load(tmp_path, alice, early):
    batch = load(accounts(tmp_path / "second", "A2"), alice, recipe=KNOWN)
    assert batch.counts == Counts(1, 1, 0, 0)
    assert waiting() == ["unknown-account"]
    assert balances()[1] == Counts(3, 2, 1, 0)
    assert all(counts.balances for counts in balances())
    row = QuarantinedRow.objects.get(outcome="accepted")
    work = WorkRow.objects.get(account_number="A2")
    assert (work.batch_id, work.file_number, work.line) == (row.batch_id, row.file_number, row.line)
    assert (row.settled_by_key, f"Load {batch.batch_id} " in row.settled_why) == (alice.key, True)
    entry = LedgerEntry.objects.get(kind="quarantine.mended")
    assert entry.thread_id == Batch.objects.get(pk=row.batch_id).thread_id
    assert EventRow.objects.filter(name="DemandObserved", body__batch_id=row.batch_id).count() == 2
    load(accounts(tmp_path / "third", "A2", tier="volume"), alice, recipe=KNOWN)
    assert LedgerEntry.objects.filter(kind="quarantine.mended").count() == 1
    assert WorkRow.objects.count() == 2


def test_a_load_that_states_nothing_they_wait_for_tries_no_row(tmp_path, alice, early, monkeypatch):
    def never(*_, **__):
        raise AssertionError("a row was tried")

    monkeypatch.setattr("closeknit.rooms.sensing.actions.release_waiting.mend_batch", never)
    load(write_calls(tmp_path, [call(7)], "calls7.csv"), alice, recipe=KNOWN)
    with pytest.raises(AssertionError, match="a row was tried"):
        load(accounts(tmp_path / "second", "A2"), alice, recipe=KNOWN)


def test_without_the_release_rows_wait_on(tmp_path, alice, early, monkeypatch):
    monkeypatch.setattr(loading, "release_waiting", lambda *_, **__: 0)
    load(accounts(tmp_path / "second", "A2"), alice, recipe=KNOWN)
    assert waiting() == ["unknown-account", "unknown-account"]


def test_what_one_release_states_releases_the_next(tmp_path, alice):
    recipe = CHAIN.replace(
        "account_number: {from: account, known: account}\n", "region: {from: account, known: site}\n"
    )
    load(write(tmp_path / "a", "sites.csv", "account,site,city\nA9,S1,Rome\n"), alice, recipe=recipe)
    load(write_calls(tmp_path, [call(1, account="S1")]), alice, recipe=recipe)
    assert waiting() == ["unknown-account", "unknown-site"]
    load(accounts(tmp_path / "b", "A9"), alice, recipe=recipe)
    first, second, _ = Batch.objects.order_by("pk")
    assert FactRow.objects.get(kind="site").batch_id == first.pk
    assert WorkRow.objects.get().batch_id == second.pk
    assert waiting() == []


def test_the_first_load_by_a_mended_recipe_takes_up_what_it_can_read(tmp_path, alice):
    contradiction = call(1, calls="7")
    load(write_calls(tmp_path, [call(1), contradiction, call(2, calls="two"), call(5, kind="test")]), alice)
    assert sorted(waiting()) == ["key-conflict", "not-a-number", "test-call"]
    words = RECIPE.replace(
        "quantity: {from: calls, required: true}", 'quantity: {from: calls, required: true, words: {two: "2"}}'
    )
    load(write_calls(tmp_path, [call(9)], "calls9.csv"), alice, recipe=words)
    assert sorted(waiting()) == ["key-conflict", "test-call"]
    assert WorkRow.objects.get(key="2").quantity == 2.0
    version = reads.get_feed("small", by=alice).recipe_version
    assert QuarantinedRow.objects.get(outcome="accepted").mended_by_version == version


def test_a_fact_that_comes_again_and_is_good_now_waits_no_more(tmp_path, alice):
    load(accounts(tmp_path / "a", "A1", tier="no such tier"), alice)
    assert len(waiting()) == 1
    recipe = RECIPE.replace("tier: tier}", "tier: {from: tier, words: {no such tier: key}}}")
    batch = load(accounts(tmp_path / "a", "A1", tier="no such tier"), alice, recipe=recipe)
    assert batch.counts == Counts(1, 1, 0, 0)
    assert waiting() == []
    (card,) = reads.list_quarantined(by=alice, also_settled=True)
    assert card.outcome is RowOutcome.CAME_GOOD
    assert FactRow.objects.filter(kind="account").count() == 1


def test_rows_that_ask_for_columns_they_do_not_have_wait_on(tmp_path, alice):
    load(write_calls(tmp_path, [call(1), call(2, calls="two")]), alice)
    other = RECIPE.replace("calls, required: true}", "amount_of_calls, required: true}")
    folder = tmp_path / "new"
    folder.mkdir()
    new = write_calls(folder, [call(3)])
    new.write_text(new.read_text().replace("calls", "amount_of_calls"))
    assert load(new, alice, recipe=other).counts.accepted == 1
    assert waiting() == ["not-a-number"]


def test_rows_set_aside_stay_aside(tmp_path, alice, early):
    from closeknit.rooms.sensing.actions.set_rows_aside import set_rows_aside
    from closeknit.rooms.sensing.tests.small import AT

    rows = list(QuarantinedRow.objects.values_list("pk", flat=True))
    set_rows_aside(rows, why="Strangers.", by=alice, at=AT)
    load(accounts(tmp_path / "second", "A2", "A3"), alice, recipe=KNOWN)
    assert WorkRow.objects.count() == 1


def test_rows_are_told_by_their_keys_only_where_that_tells_every_waiting_one():
    columns = ("at", "id")
    assert told_by_keys(columns, ["id"], ["7", "8", "7"]) == (1, frozenset({"7", "8"}))
    assert told_by_keys(columns, ["id"], []) == (1, frozenset())
    assert told_by_keys(columns, ["id"], ["7", None]) is None
    assert told_by_keys(columns, ["id"], ["7" * 2000]) is None
    assert told_by_keys(columns, [], ["7"]) is None


@pytest.mark.parametrize("private", ["[phone]", "[id]"])
@pytest.mark.parametrize("is_told_wrong", [False, True])
def test_a_row_that_waits_is_found_by_its_key_or_by_all_it_says(tmp_path, alice, private, is_told_wrong, monkeypatch):
    monkeypatch.setattr(loading, "release_waiting", lambda *_, **__: False)
    recipe = RECIPE.replace("private: [phone]", f"private: {private}")
    path = write_calls(tmp_path, [call(1), call(2, kind="test"), call(3, kind="test")])
    load(path, alice, recipe=recipe)
    if is_told_wrong:  # the red twin: keys that tell of no waiting row
        monkeypatch.setattr(loading, "told_by_keys", lambda columns, *_: (columns.index("id"), frozenset({"other"})))
    load(path, alice, recipe=recipe.replace("{kind: test}", "{kind: never}"))
    assert WorkRow.objects.count() == 3
    assert len(waiting()) == (2 if is_told_wrong else 0)
