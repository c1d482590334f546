"""Which role may do what: the whole table, so that a change of it is seen and meant."""

import pytest

from closeknit.kernel.actor import Actor, Scope
from closeknit.kernel.errors import Denied
from closeknit.rooms.org import reads
from closeknit.rooms.org.contracts import PERMISSIONS_OF, SEES_EVERY_ACCOUNT, Permission, Role

ROLES = (
    "planner",
    "account-manager",
    "service-lead",
    "executive",
    "steward",
    "auditor",
    "admin",
    "controller",
    "customer",
)
# One row per permission, one column per role, in the order of ROLES.
TABLE = {
    "accounts.read": "y y y y y y y y y",
    "capacity.read": "y y y y - y y y -",
    "decisions.read": "y y y y - y y y -",
    "prices.read": "y - y y - y y y -",
    "money.read": "y y y y - y y y -",
    "internal.read": "y y y y - y y y -",
    "personal.read": "y y y y y y y - -",
    "records.read": "y y y y y y y y -",
    "feeds.read": "y - y y y y y y -",
    "ledger.read": "y - y y - y y y -",
    "data.load": "y - - - y - y - -",
    "plan.run": "y - - - - - y - -",
    "plan.commit": "y - y - - - y - -",
    "rosters.publish": "y - y - - - y - -",
    "forecast.adjust": "y y y - - - y - -",
    "forecast.share": "- - y y - - y - -",
    "insights.record": "y y y - - - y - -",
    "proposals.make": "y y y y - - y y -",
    "proposals.decide": "- - y y - - y - -",
    "rights.lend": "y y y y y - y y -",
    "events.replay": "- - - - - - y - -",
    "ledger.manage": "- - - - - - y - -",
    "privacy.manage": "- - - - y - y - -",
    "settings.deviate": "- - y - - - y - -",
    "settings.manage": "- - - - - - y - -",
    "people.manage": "- - - - - - y - -",
}


def test_the_table_names_every_role_and_permission():
    assert tuple(Role) == ROLES
    assert set(Permission) == set(TABLE)
    assert set(PERMISSIONS_OF) == set(Role)


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_table_says(role):
    column = ROLES.index(role)
    assert PERMISSIONS_OF[role] == {p for p, row in TABLE.items() if row.split()[column] == "y"}


def test_account_managers_and_customers_are_kept_to_what_was_granted():
    assert set(Role) - SEES_EVERY_ACCOUNT == {Role.ACCOUNT_MANAGER, Role.CUSTOMER}


def test_the_cast_gets_what_its_roles_give(alice, bob, carol, dave, erin):
    assert alice.scope == carol.scope == erin.scope == Scope(every_account=True)
    assert bob.permissions == PERMISSIONS_OF[Role.ACCOUNT_MANAGER]
    assert not bob.scope.every_account
    assert len(bob.scope.team_ids) == 1
    assert dave.permissions == frozenset()
    assert dave.scope == Scope()
    assert erin.permissions == set(Permission)


def test_nobody_without_a_name_decides():
    for actor in (reads.system_actor(), reads.console_actor()):
        assert set(Permission) - actor.permissions == {Permission.DECIDE}
        assert actor.scope.every_account


def test_a_refusal_names_the_permission():
    actor = Actor(key="x", name="Xaver", permissions=frozenset({"plan.run"}))
    actor.require(Permission.RUN_PLAN)
    with pytest.raises(Denied, match="Xaver may not do this") as refusal:
        actor.require(Permission.COMMIT_PLAN)
    assert refusal.value.where == "permission plan.commit"
    assert refusal.value.status == 403
