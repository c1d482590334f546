"""Who an actor is: found by key, user, name or token, always with present roles, never once inactive."""

import pytest
from django.contrib.auth import get_user_model

from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.issue_token import issue_token
from closeknit.rooms.org.contracts import Permission, Role
from closeknit.rooms.org.models import Grant, Person, Team


def user_of(actor):
    return get_user_model().objects.get(username=actor.name.split()[0].lower())


def test_an_actor_is_found_by_key_user_and_name(alice):
    assert reads.get_actor(alice.key) == alice
    assert reads.find_actor_of_user(user_of(alice).pk) == alice
    assert reads.find_actor_by_username("alice") == alice


def test_system_and_console_are_found_by_key():
    assert reads.get_actor("system") == reads.system_actor()
    assert reads.get_actor("console") == reads.console_actor()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "person",
        "person:",
        "person:0",
        "person:-1",
        "person:x",
        "person:\u00b2",
        "robot:1",
        "person:" + "9" * 30,
    ],
)
def test_an_unknown_key_is_refused(db, key):
    with pytest.raises(NotFound):
        reads.get_actor(key)


def test_who_is_inactive_is_nobody(alice):
    token = issue_token(label="nightly", by=alice).token
    user = user_of(alice)
    user.is_active = False
    user.save()
    with pytest.raises(NotFound):
        reads.get_actor(alice.key)
    assert reads.find_actor_of_user(user.pk) is None
    assert reads.find_actor_by_username("alice") is None
    assert reads.find_actor_of_token(token) is None


def test_a_user_who_is_no_person_of_ours_is_nobody(db):
    user = get_user_model().objects.create_user("stranger")
    assert reads.find_actor_of_user(user.pk) is None


def test_roles_and_teams_hold_as_they_are_now(bob):
    person = Person.objects.get(name="Bob Seller")
    person.roles = [Role.AUDITOR]
    person.save()
    Grant.objects.create(person=person, team=Team.objects.create(name="West"))
    now = reads.get_actor(bob.key)
    assert now.scope.every_account
    assert now.may(Permission.READ_LEDGER)
    assert len(reads.get_person(bob.key, by=now).teams) == 2


def test_people_are_listed_for_who_manages_them(alice, bob, erin):
    cards = {card.username: card for card in reads.list_people(by=erin)}
    assert set(cards) == {"alice", "bob", "erin"}
    assert (cards["bob"].roles, cards["bob"].teams, cards["bob"].key) == (
        (Role.ACCOUNT_MANAGER,),
        ("North",),
        bob.key,
    )
    with pytest.raises(Denied):
        reads.list_people(by=alice)


def test_teams_are_listed_as_far_as_one_may_see(accounts, alice, bob, dave):
    assert [team.name for team in reads.list_teams(by=alice)] == ["North", "South"]
    assert [team.name for team in reads.list_teams(by=bob)] == ["North"]
    with pytest.raises(Denied):
        reads.list_teams(by=dave)
