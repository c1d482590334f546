"""Rights change at once, with a reason, by someone else, and never so that nobody manages people."""

import pytest

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.change_roles import change_roles, disable_person, enable_person
from closeknit.rooms.org.contracts import GrantCard, Permission, Rights, Role
from closeknit.rooms.org.models import Team

WHY = "She moved to the desk."


def test_new_roles_and_grants_hold_at_the_next_look(accounts, bob, erin):
    change = change_roles(
        bob.key, roles=[Role.PLANNER, Role.ACCOUNT_MANAGER], grants=[GrantCard(region="south")], reason=WHY, by=erin
    )
    now = reads.get_actor(bob.key)
    assert now.may(Permission.RUN_PLAN)
    assert now.roles == ("planner", "account-manager")
    seen = reads.get_rights_change(change, by=erin)
    assert (seen.reason, seen.changed_by_key) == (WHY, erin.key)
    assert seen.before == Rights((Role.ACCOUNT_MANAGER,), (GrantCard(team="North"),))
    assert seen.after == Rights((Role.PLANNER, Role.ACCOUNT_MANAGER), (GrantCard(region="south"),))
    assert [c.change_id for c in reads.list_rights_changes(bob.key, by=now)] == [change]
    assert EventRow.objects.get(name="RolesChanged").body["person_key"] == bob.key


def test_the_same_rights_again_change_nothing(bob, erin):
    assert change_roles(bob.key, roles=[Role.ACCOUNT_MANAGER], grants=[GrantCard("North")], reason=WHY, by=erin) is None
    assert not EventRow.objects.filter(name="RolesChanged").exists()


def test_who_is_shut_out_is_out_and_comes_back_as_before(bob, erin):
    disable_person(bob.key, reason=WHY, by=erin)
    with pytest.raises(NotFound):
        reads.get_actor(bob.key)
    assert reads.find_actor_by_username("bob") is None
    enable_person(bob.key, reason=WHY, by=erin)
    assert reads.get_actor(bob.key) == bob


def test_nobody_changes_their_own_rights(erin):
    with pytest.raises(Denied, match="own rights"):
        change_roles(erin.key, roles=[Role.PLANNER], reason=WHY, by=erin)


def test_only_who_manages_people_changes_rights(alice, bob, carol, gina):
    for by in (alice, carol, gina):
        with pytest.raises(Denied):
            change_roles(bob.key, roles=[Role.PLANNER], reason=WHY, by=by)
        with pytest.raises(Denied):
            disable_person(bob.key, reason=WHY, by=by)


def test_somebody_who_manages_people_remains(erin):
    console = reads.console_actor()
    for act in (
        lambda: change_roles(erin.key, roles=[Role.PLANNER], reason=WHY, by=console),
        lambda: disable_person(erin.key, reason=WHY, by=console),
    ):
        with pytest.raises(Conflict, match="Nobody would be left"):
            act()
    assert reads.get_actor(erin.key) == erin


@pytest.mark.parametrize(
    ("roles", "grants", "said"),
    [
        ([Role.CUSTOMER, Role.PLANNER], [], "goes with no other role"),
        ([Role.CUSTOMER], [GrantCard(team="North")], "single accounts only"),
        ([Role.CUSTOMER], [GrantCard(region="north")], "single accounts only"),
        ([Role.ACCOUNT_MANAGER], [GrantCard()], "names a team"),
        ([Role.ACCOUNT_MANAGER], [GrantCard(account_number=" ACME")], "names a team"),
        ([Role.ACCOUNT_MANAGER], [GrantCard(team="North", account_number="ACME")], "names nothing else"),
        ([Role.ACCOUNT_MANAGER], [GrantCard(team="Nowhere")], "no team 'Nowhere'"),
    ],
)
def test_what_does_not_go_together_is_refused(accounts, bob, erin, roles, grants, said):
    with pytest.raises(Invalid, match=said):
        change_roles(bob.key, roles=roles, grants=grants, reason=WHY, by=erin)
    assert reads.get_actor(bob.key) == bob
    assert not Team.objects.filter(name="Nowhere").exists()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001, "a\x00b"])
def test_a_change_needs_a_reason(bob, erin, reason):
    with pytest.raises(Invalid, match="reason"):
        change_roles(bob.key, roles=[], reason=reason, by=erin)


def test_an_unknown_person_is_not_found(erin):
    for key in ("person:999999", "person:x", "system", ""):
        with pytest.raises(NotFound):
            change_roles(key, roles=[], reason=WHY, by=erin)


def test_a_change_is_seen_by_who_it_is_about_and_who_manages(alice, bob, erin):
    change = change_roles(bob.key, roles=[Role.PLANNER], reason=WHY, by=erin)
    assert reads.get_rights_change(change, by=bob).person_key == bob.key
    with pytest.raises(NotFound):
        reads.get_rights_change(change, by=alice)
    with pytest.raises(Denied):
        reads.list_rights_changes(bob.key, by=alice)
