import pytest

from closeknit.kernel.errors import Denied
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.adopt_accounts import adopt_accounts
from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.sensing.tests.small import call, load, write_calls

pytestmark = pytest.mark.django_db


def adopt(path, by):
    card = load(path, by)
    return adopt_accounts(card.batch_id, thread_id=card.thread_id, by=by)


def test_work_names_accounts_and_the_rule_gives_them_tiers(tmp_path, alice):
    lines = [
        call(n, account=account, calls=calls)
        for n, (account, calls) in enumerate([("B", "9"), ("C", "5"), ("D", "1"), ("E", "2"), ("", "99")])
    ]
    assert adopt(write_calls(tmp_path, lines), alice) == 4
    found = {a.account_number: (a.tier, a.tier_reason) for a in reads.list_accounts(by=alice)}
    assert found["B"] == (Tier.STRATEGIC, "1st of 4 by units of work: top 25 %.")
    assert found["C"][0] is Tier.KEY
    assert found["D"] == (Tier.VOLUME, "4th of 4 by units of work: below the top 50 %.")


def test_adopting_again_changes_nothing(tmp_path, alice):
    path = write_calls(tmp_path, [call(1, account="B")])
    assert (adopt(path, alice), adopt(path, alice)) == (1, 0)
    assert LedgerEntry.objects.filter(kind="accounts.adopted").count() == 1


def test_a_tier_that_changes_is_a_ledger_line_of_the_account(tmp_path, alice):
    adopt(write_calls(tmp_path, [call(1, account="B", calls="5"), call(2, account="C", calls="3")]), alice)
    adopt(write_calls(tmp_path, [call(3, account="C", calls="9")], "calls-2.csv"), alice)
    lines = decisions.list_entries(kind="account.tier-changed", by=alice)
    moved = {line.account_number: line.sentence for line in lines}
    assert set(moved) == {"B", "C"}
    assert moved["C"].startswith("C moved from volume to strategic. 1st of 2")


def test_what_a_source_states_comes_before_what_work_suggests(tmp_path, alice):
    (tmp_path / "accounts.csv").write_text("number,name,tier\nA1,One Ltd,volume\nA2,Two Ltd,\n")
    write_calls(tmp_path, [call(1, account="A1", calls="50"), call(2, account="A2")])
    adopt(tmp_path, alice)
    found = {a.account_number: a for a in reads.list_accounts(by=alice)}
    assert (found["A1"].name, found["A1"].tier) == ("One Ltd", Tier.VOLUME)
    assert found["A1"].tier_reason == "Stated by small, accounts.csv line 2."
    assert found["A2"].tier is Tier.STRATEGIC


def test_who_may_not_load_may_not_adopt(bob):
    with pytest.raises(Denied):
        adopt_accounts(1, thread_id=None, by=bob)  # type: ignore[arg-type]
