from datetime import UTC, datetime

import pytest

from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.rooms.customers import reads
from closeknit.rooms.sensing.tests.small import call, load, write_calls

pytestmark = pytest.mark.django_db
UNTIL = datetime(2026, 3, 1, tzinfo=UTC)


def test_bob_sees_the_accounts_of_his_team_and_nothing_else(bob, accounts):
    assert [a.account_number for a in reads.list_accounts(by=bob)] == ["ACME"]
    assert reads.count_accounts(by=bob) == 1
    assert [key.account_number for key in reads.list_account_keys(by=bob)] == ["ACME"]
    assert list(reads.team_of(["ACME", "BOLT"], by=bob)) == ["ACME"]
    assert reads.get_account("ACME", by=bob).team == "North"
    for hidden in ("BOLT", "NOBODY", ""):
        with pytest.raises(NotFound):
            reads.get_account(hidden, by=bob)
        with pytest.raises(NotFound):
            reads.weekly_units(hidden, weeks=4, until_at=UNTIL, by=bob)


def test_dave_sees_nothing(dave, accounts):
    for read in (
        lambda: reads.list_accounts(by=dave),
        lambda: reads.count_accounts(by=dave),
        lambda: reads.get_account("ACME", by=dave),
        lambda: reads.list_account_keys(by=dave),
        lambda: reads.team_of(["ACME"], by=dave),
        lambda: reads.weekly_units("ACME", weeks=4, until_at=UNTIL, by=dave),
    ):
        with pytest.raises(Denied):
            read()


def test_search_tier_team_and_paging(alice, accounts):
    assert [a.account_number for a in reads.list_accounts(by=alice, search="ol")] == ["BOLT"]
    assert [a.account_number for a in reads.list_accounts(by=alice, tier="volume")] == ["CRUMB"]
    assert [a.account_number for a in reads.list_accounts(by=alice, team="South")] == ["BOLT", "CRUMB"]
    first = reads.list_accounts(by=alice, limit=2)
    assert [a.account_number for a in reads.list_accounts(by=alice, after=first[-1].account_number)] == ["CRUMB"]
    with pytest.raises(Invalid):
        reads.list_accounts(by=alice, tier="golden")


def test_weekly_units_reach_whoever_sees_the_account(tmp_path, alice, bob, accounts):
    lines = [
        call(1, at="2026-02-27T10:00:00", account="ACME"),
        call(2, at="2026-02-20T10:00:00", account="ACME", calls="3"),
    ]
    load(write_calls(tmp_path, lines), alice)
    found = reads.weekly_units("ACME", weeks=3, until_at=UNTIL, by=bob)
    assert {operation: list(units) for operation, units in found.items()} == {"desk": [0, 3, 1]}
