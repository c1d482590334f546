"""New people: made by who manages people, with a password that is hashed, under a name that is free."""

import pytest
from django.contrib.auth import get_user_model

from closeknit.kernel.errors import Conflict, Denied
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.create_person import create_person
from closeknit.rooms.org.contracts import PERMISSIONS_OF, Role
from closeknit.rooms.org.models import Person


def create(by, **values):
    usual = {"username": "frida", "name": "Frida", "password": "a quiet lake at noon"}
    return create_person(**usual | values, by=by)


def test_a_new_person_signs_in_with_roles_and_teams(erin, client):
    actor = create(erin, roles=[Role.PLANNER, Role.STEWARD], teams=["North", "West"])
    assert actor.permissions == PERMISSIONS_OF[Role.PLANNER] | PERMISSIONS_OF[Role.STEWARD]
    assert reads.get_person(actor.key, by=erin).teams == ("North", "West")
    assert client.login(username="frida", password="a quiet lake at noon")
    assert not client.login(username="frida", password="a quiet lake")
    assert get_user_model().objects.get(username="frida").password.startswith("argon2")
    assert reads.find_actor_by_username("frida") == actor


def test_without_roles_a_person_may_do_nothing(erin):
    assert create(erin).permissions == frozenset()


def test_a_name_that_is_taken_is_refused(erin):
    with pytest.raises(Conflict, match="taken"):
        create(erin, username="erin")
    assert Person.objects.count() == 1


def test_an_unknown_role_leaves_nobody_behind(erin):
    with pytest.raises(ValueError, match="king"):
        create(erin, roles=["king"])
    assert not get_user_model().objects.filter(username="frida").exists()


def test_only_who_manages_people_makes_them(alice, bob, carol, dave):
    for outsider in (alice, bob, carol, dave):
        with pytest.raises(Denied):
            create(outsider)
    assert not get_user_model().objects.filter(username="frida").exists()
