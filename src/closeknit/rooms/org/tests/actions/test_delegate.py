"""Rights are lent by who has them, for a time, to a colleague, and work only meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest

from closeknit.kernel.actor import Place
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.change_roles import change_roles, disable_person
from closeknit.rooms.org.actions.delegate import delegate, end_delegation
from closeknit.rooms.org.contracts import NEVER_LENT, Permission, Role

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WHY = "Two weeks of vacation."


def lend(by, to, **values):
    usual = {"starts_at": AT + DAY, "ends_at": AT + 8 * DAY, "reason": WHY, "at": AT}
    return delegate(to.key, **usual | values, by=by)


def test_lent_rights_work_from_the_start_until_before_the_end(carol, dave):
    lend(carol, dave)
    decides = {
        hours: reads.get_actor(dave.key, at=AT + timedelta(hours=hours)).may(Permission.DECIDE)
        for hours in (0, 23.99, 24, 100, 8 * 24 - 0.01, 8 * 24, 9 * 24)
    }
    assert decides == {0: False, 23.99: False, 24: True, 100: True, 191.99: True, 192: False, 216: False}


def test_the_hat_tells_for_whom_one_acts(carol, dave):
    lend(carol, dave)
    actor = reads.get_actor(dave.key, at=AT + DAY)
    hat = actor.hat_for(Permission.DECIDE)
    assert (hat.on_behalf_of, hat.lender_key, hat.ends_at) == ("Carol Lead", carol.key, AT + 8 * DAY)
    assert actor.name_for(Permission.DECIDE) == "Dave Outside for Carol Lead"
    assert actor.permissions == frozenset()
    with pytest.raises(Denied):
        actor.hat_for(Permission.MANAGE_PEOPLE)


def test_ones_own_hat_comes_first(carol, alice):
    lend(carol, alice)
    actor = reads.get_actor(alice.key, at=AT + DAY)
    assert actor.hat_for(Permission.READ_ACCOUNTS) is None
    assert actor.name_for(Permission.READ_ACCOUNTS) == "Alice Planner"
    assert actor.hat_for(Permission.DECIDE).lender_key == carol.key


def test_a_permission_of_one_hat_does_not_reach_the_accounts_of_another(accounts, erin, bob, alice, dave):
    """Dave plans nothing at North: Bob lends him North's accounts, and he has no permission beyond Bob's."""
    change_roles(dave.key, roles=[Role.STEWARD], reason=WHY, by=erin)
    lend(bob, dave)
    actor = reads.get_actor(dave.key, at=AT + DAY)
    assert actor.may(Permission.READ_CAPACITY)
    assert actor.may_at(Permission.READ_ACCOUNTS, reads.place_of("BOLT"))
    assert actor.may_at(Permission.READ_CAPACITY, reads.place_of("ACME"))
    assert not actor.may_at(Permission.READ_CAPACITY, reads.place_of("BOLT"))
    assert not actor.scope_of(Permission.READ_CAPACITY).every_account


def test_management_is_never_lent(erin, dave):
    lend(erin, dave)
    actor = reads.get_actor(dave.key, at=AT + DAY)
    assert set(actor.lent[0].permissions) == set(erin.permissions) - NEVER_LENT
    for permission in NEVER_LENT:
        assert not actor.may(permission)
        with pytest.raises(Invalid, match="not the lender's to lend"):
            lend(erin, dave, permissions=[permission])


def test_what_was_lent_is_not_lent_further(carol, bob, dave):
    lend(carol, bob)
    borrower = reads.get_actor(bob.key, at=AT + DAY)
    assert borrower.may(Permission.DECIDE)
    with pytest.raises(Invalid, match=r"proposals\.decide is not"):
        lend(borrower, dave, permissions=[Permission.DECIDE])
    lend(borrower, dave)
    assert not reads.get_actor(dave.key, at=AT + DAY).may(Permission.DECIDE)


def test_only_named_rights_are_lent(carol, dave):
    lend(carol, dave, permissions=[Permission.DECIDE])
    actor = reads.get_actor(dave.key, at=AT + DAY)
    assert actor.lent[0].permissions == {"proposals.decide", "accounts.read"}


def test_lent_rights_end_with_the_lenders_own(erin, carol, dave):
    lend(carol, dave)
    change_roles(carol.key, roles=[Role.STEWARD], reason=WHY, by=erin)
    actor = reads.get_actor(dave.key, at=AT + DAY)
    assert not actor.may(Permission.DECIDE)
    assert actor.may(Permission.LOAD_DATA)
    disable_person(carol.key, reason=WHY, by=erin)
    assert reads.get_actor(dave.key, at=AT + DAY).lent == ()


def test_a_delegation_ends_at_once_when_ended(carol, dave, alice):
    loan = lend(carol, dave)
    with pytest.raises(NotFound):
        end_delegation(loan, by=alice, at=AT + DAY)
    end_delegation(loan, by=carol, at=AT + 2 * DAY)
    assert reads.get_actor(dave.key, at=AT + DAY).may(Permission.DECIDE)
    assert not reads.get_actor(dave.key, at=AT + 2 * DAY).may(Permission.DECIDE)
    with pytest.raises(Conflict, match="ended already"):
        end_delegation(loan, by=dave, at=AT + 3 * DAY)


def test_an_administrator_lends_for_who_cannot_but_not_to_themselves(erin, carol, dave, alice):
    lend(erin, dave, lender=carol.key)
    assert reads.get_actor(dave.key, at=AT + DAY).may(Permission.DECIDE)
    with pytest.raises(Denied, match="loan to themselves"):
        lend(erin, erin, lender=carol.key)
    with pytest.raises(Denied):
        lend(alice, dave, lender=carol.key)


def test_the_customers_own_reader_neither_lends_nor_borrows(carol, gina, erin, dave):
    with pytest.raises(Denied, match="neither lends nor borrows"):
        lend(carol, gina)
    with pytest.raises(Denied):
        lend(gina, dave)
    with pytest.raises(Denied, match="neither lends nor borrows"):
        lend(erin, dave, lender=gina.key)


def test_who_becomes_a_customers_reader_borrows_no_more(erin, carol, dave):
    lend(carol, dave)
    change_roles(dave.key, roles=[Role.CUSTOMER], reason=WHY, by=erin)
    assert reads.get_actor(dave.key, at=AT + DAY).lent == ()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"reason": " "}, "needs a reason"),
        ({"ends_at": AT + DAY}, "must end after it starts"),
        ({"starts_at": AT - 9 * DAY, "ends_at": AT}, "must end after it starts"),
        ({"ends_at": AT + 400 * DAY}, "a year at most"),
        ({"ends_at": datetime(2026, 4, 1)}, "need a zone"),  # noqa: DTZ001
        ({"permissions": []}, "nothing to lend"),
        ({"permissions": [Permission.RUN_PLAN]}, "not the lender's"),
    ],
)
def test_what_makes_no_sense_is_refused(carol, dave, values, said):
    with pytest.raises(Invalid, match=said):
        lend(carol, dave, **values)
    assert reads.list_delegations(by=carol) == []


def test_nobody_lends_to_themselves_or_to_nobody(carol, dave):
    with pytest.raises(Invalid, match="themselves"):
        lend(carol, carol)
    for key in ("person:999999", "system", ""):
        with pytest.raises(NotFound):
            delegate(key, starts_at=AT, ends_at=AT + DAY, reason=WHY, by=carol, at=AT)
    with pytest.raises(Denied):
        lend(dave, carol)


def test_a_loan_never_reaches_into_the_past(carol, dave):
    lend(carol, dave, starts_at=AT - 30 * DAY)
    assert not reads.get_actor(dave.key, at=AT - DAY).may(Permission.DECIDE)
    assert reads.get_actor(dave.key, at=AT).may(Permission.DECIDE)


def test_delegations_are_seen_by_their_parties(carol, dave, alice, erin):
    loan = lend(carol, dave)
    for by in (carol, dave, erin):
        assert [card.delegation_id for card in reads.list_delegations(by=by)] == [loan]
    assert reads.list_delegations(by=alice) == []
    assert reads.list_delegations(by=carol, at=AT) == []
    assert len(reads.list_delegations(by=carol, at=AT + DAY)) == 1
    with pytest.raises(Denied):
        reads.list_delegations(person_key=carol.key, by=alice)
    with pytest.raises(NotFound):
        reads.get_delegation(loan, by=alice)


def test_who_may_do_something_includes_borrowers_over_the_right_accounts(accounts, alice, bob, carol, dave, erin):
    def names(permission, number="", at=AT):
        cards = reads.list_people_who(permission, account_number=number, at=at, by=alice)
        return {card.name.split()[0] for card in cards}

    assert names(Permission.DECIDE) == {"Carol", "Erin"}
    assert names(Permission.READ_MONEY, "ACME") == {"Alice", "Bob", "Carol", "Erin"}
    assert names(Permission.READ_MONEY, "BOLT") == {"Alice", "Carol", "Erin"}
    assert names(Permission.READ_MONEY) == {"Alice", "Carol", "Erin"}
    assert names(Permission.READ_MONEY, None) == {"Alice", "Bob", "Carol", "Erin"}
    lend(bob, dave)
    assert names(Permission.READ_MONEY, "ACME", AT + DAY) == {"Alice", "Bob", "Carol", "Dave", "Erin"}
    assert names(Permission.READ_MONEY, "BOLT", AT + DAY) == {"Alice", "Carol", "Erin"}
    with pytest.raises(Denied):
        reads.list_people_who(Permission.DECIDE, at=AT, by=dave)


def test_red_twin_a_scope_taken_whole_would_reach_too_far(accounts, erin, bob, dave):
    """What `scope_of` is for: all permissions over all accounts together would let Dave read BOLT's capacity."""
    change_roles(dave.key, roles=[Role.STEWARD], reason=WHY, by=erin)
    lend(bob, dave)
    actor = reads.get_actor(dave.key, at=AT + DAY)
    everywhere = actor.scope | actor.lent[0].scope
    assert actor.may(Permission.READ_CAPACITY)
    assert everywhere.covers(Place("BOLT", None, "south"))
