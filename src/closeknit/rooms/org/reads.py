"""Who is acting, and what they may see. The only place where roles become permissions."""

import hashlib

from closeknit.kernel.actor import Actor, Scope
from closeknit.kernel.errors import NotFound
from closeknit.rooms.org.contracts import PERMISSIONS_OF, SEES_EVERY_ACCOUNT, Permission, PersonCard, Role, TeamCard
from closeknit.rooms.org.models import ApiToken, Person, Team

SYSTEM_KEY = "system"
CONSOLE_KEY = "console"


def system_actor() -> Actor:
    """Return the actor for work that no person asked for. It may do everything but decide for a person."""
    return _everything(SYSTEM_KEY, "Closeknit")


def console_actor() -> Actor:
    """Return the actor for someone with a shell on the machine: all but deciding, which needs a named person."""
    return _everything(CONSOLE_KEY, "Console")


def get_actor(key: str) -> Actor:
    """Return the actor with a stable key ("system", "console", "person:12"), with its present roles.

    Raises:
        NotFound: for an unknown key, or a person who can no longer sign in.
    """
    if key == SYSTEM_KEY:
        return system_actor()
    if key == CONSOLE_KEY:
        return console_actor()
    prefix, _, number = key.partition(":")
    if prefix == "person" and number.isdecimal():
        person = Person.objects.filter(pk=int(number), user__is_active=True).prefetch_related("teams").first()
        if person:
            return _actor(person)
    raise NotFound("There is no such person.", where=key)


def find_actor_of_user(user_id: int) -> Actor | None:
    """Return the actor of a signed-in user, or None where the user is nobody to us."""
    person = Person.objects.filter(user_id=user_id, user__is_active=True).prefetch_related("teams").first()
    return _actor(person) if person else None


def find_actor_by_username(username: str) -> Actor | None:
    """Return the actor who signs in under a name, or None."""
    person = Person.objects.filter(user__username=username, user__is_active=True).prefetch_related("teams").first()
    return _actor(person) if person else None


def find_actor_of_token(token: str) -> Actor | None:
    """Return the actor of an API token in force, or None."""
    row = (
        ApiToken.objects.filter(token_sha256=hash_token(token), revoked_at=None, person__user__is_active=True)
        .select_related("person")
        .first()
    )
    return _actor(row.person) if row else None


def hash_token(token: str) -> str:
    """Return what we keep of an API token. The token has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def list_people(*, by: Actor) -> list[PersonCard]:
    """Return everyone who may sign in."""
    by.require(Permission.MANAGE_PEOPLE)
    people = Person.objects.select_related("user").prefetch_related("teams").order_by("name")
    return [
        PersonCard(
            key=f"person:{p.pk}",
            username=p.user.get_username(),
            name=p.name,
            roles=tuple(Role(r) for r in p.roles),
            teams=tuple(t.name for t in p.teams.all()),
        )
        for p in people
    ]


def list_teams(*, by: Actor) -> list[TeamCard]:
    """Return the teams that the actor may see accounts of."""
    by.require(Permission.READ_ACCOUNTS)
    teams = Team.objects.order_by("name")
    if not by.scope.every_account:
        teams = teams.filter(pk__in=by.scope.team_ids)
    return [TeamCard(team_id=t.pk, name=t.name) for t in teams]


def _actor(person: Person) -> Actor:
    roles = [Role(role) for role in person.roles]
    permissions = frozenset(str(p) for role in roles for p in PERMISSIONS_OF[role])
    scope = Scope(
        every_account=any(role in SEES_EVERY_ACCOUNT for role in roles),
        team_ids=frozenset(team.pk for team in person.teams.all()),
    )
    return Actor(
        key=f"person:{person.pk}", name=person.name, permissions=permissions, scope=scope, roles=tuple(map(str, roles))
    )


def _everything(key: str, name: str) -> Actor:
    permissions = frozenset(str(p) for p in Permission if p != Permission.DECIDE)
    return Actor(key=key, name=name, permissions=permissions, scope=Scope(every_account=True))
