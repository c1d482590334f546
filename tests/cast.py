"""The cast of the tests: Alice plans, Bob sells, Carol approves, Dave is outside, Erin keeps the house, Frank audits,
and Gina reads for the customer Acme.

Acme is the top tier (team North), Bolt the middle (South), Crumb the lowest (South). The root conftest loads
these fixtures for every test. A person is made when first asked for: a real user who signs in with PASSWORD.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pytest

from closeknit.kernel.actor import Actor

PASSWORD = "a long walk along the river"
NORTH, SOUTH = "North", "South"


@dataclass(frozen=True, slots=True)
class Part:
    """One person of the cast: what the program shows, its roles, its teams and its single accounts."""

    name: str
    roles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


CAST = {
    "alice": Part("Alice Planner", ("planner",)),
    "bob": Part("Bob Seller", ("account-manager",), (NORTH,)),
    "carol": Part("Carol Lead", ("service-lead",)),
    "dave": Part("Dave Outside"),
    "erin": Part("Erin Admin", ("admin",)),
    "frank": Part("Frank Auditor", ("auditor",)),
    "hana": Part("Hana Executive", ("executive",)),
    "gina": Part("Gina Reader", ("customer",), accounts=("ACME",)),
}


@lru_cache
def _hashed_password() -> str:
    """Hash the cast's password once: Argon2 is slow on purpose."""
    from django.contrib.auth.hashers import make_password

    return make_password(PASSWORD)


def enter(username: str) -> Actor:
    """Return a person of the cast as an actor, making user, roles and teams where they are not there yet."""
    from django.contrib.auth import get_user_model

    from closeknit.rooms.org import reads
    from closeknit.rooms.org.models import Grant, Person, Team

    part = CAST[username]
    user, is_new = get_user_model().objects.get_or_create(username=username, defaults={"password": _hashed_password()})
    if is_new:
        person = Person.objects.create(user=user, name=part.name, roles=list(part.roles))
        teams = [Team.objects.get_or_create(name=name)[0] for name in part.teams]
        Grant.objects.bulk_create([Grant(person=person, team=team) for team in teams])
        Grant.objects.bulk_create([Grant(person=person, account_number=number) for number in part.accounts])
    actor = reads.find_actor_by_username(username)
    assert actor is not None
    return actor


def token_of(username: str) -> str:
    """Return a new token with every right that a program may hold for a person of the cast."""
    from closeknit.rooms.org.actions.issue_token import issue_token
    from closeknit.rooms.org.contracts import NEVER_BY_TOKEN

    actor = enter(username)
    return issue_token(label="cast", scopes=(actor.permissions - NEVER_BY_TOKEN) or None, by=actor).token


def sign_in(client: Any, username: str) -> Actor:
    """Sign a person of the cast in to a Django test client, with the password, and return the actor."""
    actor = enter(username)
    assert client.login(username=username, password=PASSWORD), f"{username} could not sign in"
    return actor


def open_account(number: str, tier: str, team: str) -> Any:
    """Return the account with this number, making it and its team where they are not there yet."""
    from closeknit.rooms.customers.models import Account
    from closeknit.rooms.org.models import AccountPlace, Team

    account, _ = Account.objects.get_or_create(
        account_number=number,
        defaults={
            "name": number.title(),
            "tier": tier,
            "tier_reason": "Stated for the tests.",
            "team": Team.objects.get_or_create(name=team)[0],
            "region": team.lower(),
            "time_zone": "Europe/Berlin",
            "jurisdiction": "DE",
            "source_feed": "tests",
            "is_stated": True,
        },
    )
    AccountPlace.objects.get_or_create(
        account_number=number, defaults={"team_id": account.team_id, "region": account.region}
    )
    return account


@pytest.fixture
def alice(db: None) -> Actor:
    """A planner: sees every account, runs and commits plans, may not decide."""
    return enter("alice")


@pytest.fixture
def bob(db: None) -> Actor:
    """An account manager of team North: sees North's accounts and nothing else."""
    return enter("bob")


@pytest.fixture
def carol(db: None) -> Actor:
    """A service lead: sees every account and may decide proposals."""
    return enter("carol")


@pytest.fixture
def dave(db: None) -> Actor:
    """A person who signs in but holds no role: may do and see nothing."""
    return enter("dave")


@pytest.fixture
def erin(db: None) -> Actor:
    """An administrator: may do everything."""
    return enter("erin")


@pytest.fixture
def frank(db: None) -> Actor:
    """An auditor: sees everything, changes nothing."""
    return enter("frank")


@pytest.fixture
def hana(db: None) -> Actor:
    """An executive: sees every account and may decide proposals."""
    return enter("hana")


@pytest.fixture
def gina(db: None) -> Actor:
    """The customer's own reader: sees the public fields of ACME and nothing else."""
    return enter("gina")


@pytest.fixture
def acme(db: None) -> Any:
    """The strategic account ACME of team North."""
    return open_account("ACME", "strategic", NORTH)


@pytest.fixture
def bolt(db: None) -> Any:
    """The key account BOLT of team South."""
    return open_account("BOLT", "key", SOUTH)


@pytest.fixture
def crumb(db: None) -> Any:
    """The volume account CRUMB of team South."""
    return open_account("CRUMB", "volume", SOUTH)


@pytest.fixture
def accounts(acme: Any, bolt: Any, crumb: Any) -> dict[str, Any]:
    """All three accounts by number."""
    return {account.account_number: account for account in (acme, bolt, crumb)}
