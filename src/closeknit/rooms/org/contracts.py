"""What other rooms may know of org: roles, permissions, teams and places."""

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """One thing that a person may do. Actions and reads ask for these, never for roles."""

    READ_ACCOUNTS = "accounts.read"
    READ_CAPACITY = "capacity.read"
    READ_PRICES = "prices.read"
    READ_FEEDS = "feeds.read"
    READ_LEDGER = "ledger.read"
    LOAD_DATA = "data.load"
    RUN_PLAN = "plan.run"
    COMMIT_PLAN = "plan.commit"
    DECIDE = "proposals.decide"
    REPLAY_EVENTS = "events.replay"
    MANAGE_PEOPLE = "people.manage"


class Role(StrEnum):
    """A bundle of permissions that a person holds."""

    PLANNER = "planner"
    ACCOUNT_MANAGER = "account-manager"
    SERVICE_LEAD = "service-lead"
    EXECUTIVE = "executive"
    STEWARD = "steward"
    AUDITOR = "auditor"
    ADMIN = "admin"


_READ_ALL = frozenset(
    {
        Permission.READ_ACCOUNTS,
        Permission.READ_CAPACITY,
        Permission.READ_PRICES,
        Permission.READ_FEEDS,
        Permission.READ_LEDGER,
    }
)

PERMISSIONS_OF: dict[Role, frozenset[Permission]] = {
    Role.PLANNER: _READ_ALL | {Permission.RUN_PLAN, Permission.COMMIT_PLAN, Permission.LOAD_DATA},
    Role.ACCOUNT_MANAGER: frozenset({Permission.READ_ACCOUNTS, Permission.READ_CAPACITY}),
    Role.SERVICE_LEAD: _READ_ALL | {Permission.DECIDE, Permission.COMMIT_PLAN},
    Role.EXECUTIVE: _READ_ALL | {Permission.DECIDE},
    Role.STEWARD: frozenset({Permission.READ_ACCOUNTS, Permission.READ_FEEDS, Permission.LOAD_DATA}),
    Role.AUDITOR: _READ_ALL,
    Role.ADMIN: frozenset(Permission),
}

SEES_EVERY_ACCOUNT: frozenset[Role] = frozenset(
    {Role.PLANNER, Role.SERVICE_LEAD, Role.EXECUTIVE, Role.STEWARD, Role.AUDITOR, Role.ADMIN}
)


@dataclass(frozen=True, slots=True)
class TeamCard:
    """A team that looks after accounts."""

    team_id: int
    name: str


@dataclass(frozen=True, slots=True)
class PersonCard:
    """A person who signs in."""

    key: str
    username: str
    name: str
    roles: tuple[Role, ...]
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An API token, shown once: only its hash is kept."""

    token: str
    label: str
