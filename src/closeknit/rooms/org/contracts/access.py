"""The rules of access, whole: what may be done, which roles may do it, over which accounts, and which fields show.

docs/access.md says the same in words; tests/laws/access_oracle.py says it again, independently.
"""

from enum import StrEnum


class Permission(StrEnum):
    """One thing that a person may do. Actions and reads ask for these, never for roles."""

    READ_ACCOUNTS = "accounts.read"
    READ_CAPACITY = "capacity.read"
    READ_DECISIONS = "decisions.read"
    READ_PRICES = "prices.read"
    READ_MONEY = "money.read"
    READ_INTERNAL = "internal.read"
    READ_PERSONAL = "personal.read"
    READ_RECORDS = "records.read"
    READ_FEEDS = "feeds.read"
    READ_LEDGER = "ledger.read"
    LOAD_DATA = "data.load"
    RUN_PLAN = "plan.run"
    COMMIT_PLAN = "plan.commit"
    PUBLISH_ROSTER = "rosters.publish"
    ADJUST_FORECAST = "forecast.adjust"
    SHARE_FORECAST = "forecast.share"
    RECORD_INSIGHT = "insights.record"
    PROPOSE = "proposals.make"
    DECIDE = "proposals.decide"
    DELEGATE = "rights.lend"
    REPLAY_EVENTS = "events.replay"
    SET_LOCALLY = "settings.deviate"
    MANAGE_SETTINGS = "settings.manage"
    MANAGE_PEOPLE = "people.manage"
    MANAGE_LEDGER = "ledger.manage"
    MANAGE_PRIVACY = "privacy.manage"


class Role(StrEnum):
    """A bundle of permissions that a person holds."""

    PLANNER = "planner"
    ACCOUNT_MANAGER = "account-manager"
    SERVICE_LEAD = "service-lead"
    EXECUTIVE = "executive"
    STEWARD = "steward"
    AUDITOR = "auditor"
    ADMIN = "admin"
    CONTROLLER = "controller"
    CUSTOMER = "customer"


class Sensitivity(StrEnum):
    """What makes a field more than public: it shows only to who holds the permission for it over the account."""

    MONEY = "money"
    PRICES = "prices"
    INTERNAL = "internal"
    PERSONAL = "personal"


_READ_WORK = frozenset(
    {
        Permission.READ_ACCOUNTS,
        Permission.READ_CAPACITY,
        Permission.READ_DECISIONS,
        Permission.READ_MONEY,
        Permission.READ_INTERNAL,
        Permission.READ_PERSONAL,
        Permission.READ_RECORDS,
    }
)
_READ_ALL = _READ_WORK | {Permission.READ_PRICES, Permission.READ_FEEDS, Permission.READ_LEDGER}

PERMISSIONS_OF: dict[Role, frozenset[Permission]] = {
    Role.PLANNER: _READ_ALL
    | {
        Permission.RUN_PLAN,
        Permission.COMMIT_PLAN,
        Permission.PUBLISH_ROSTER,
        Permission.ADJUST_FORECAST,
        Permission.RECORD_INSIGHT,
        Permission.LOAD_DATA,
        Permission.PROPOSE,
        Permission.DELEGATE,
    },
    Role.ACCOUNT_MANAGER: _READ_WORK
    | {Permission.ADJUST_FORECAST, Permission.RECORD_INSIGHT, Permission.PROPOSE, Permission.DELEGATE},
    Role.SERVICE_LEAD: _READ_ALL
    | {
        Permission.PROPOSE,
        Permission.DECIDE,
        Permission.COMMIT_PLAN,
        Permission.PUBLISH_ROSTER,
        Permission.ADJUST_FORECAST,
        Permission.SHARE_FORECAST,
        Permission.RECORD_INSIGHT,
        Permission.SET_LOCALLY,
        Permission.DELEGATE,
    },
    Role.EXECUTIVE: _READ_ALL | {Permission.PROPOSE, Permission.DECIDE, Permission.SHARE_FORECAST, Permission.DELEGATE},
    Role.STEWARD: frozenset(
        {
            Permission.READ_ACCOUNTS,
            Permission.READ_RECORDS,
            Permission.READ_FEEDS,
            Permission.READ_PERSONAL,
            Permission.LOAD_DATA,
            Permission.MANAGE_PRIVACY,
            Permission.DELEGATE,
        }
    ),
    Role.AUDITOR: _READ_ALL,
    Role.ADMIN: frozenset(Permission),
    Role.CONTROLLER: (_READ_ALL - {Permission.READ_PERSONAL}) | {Permission.PROPOSE, Permission.DELEGATE},
    Role.CUSTOMER: frozenset({Permission.READ_ACCOUNTS}),
}
"""What each role may do. A customer's own reader reads the public fields of its accounts, and nothing else."""

SEES_EVERY_ACCOUNT: frozenset[Role] = frozenset(
    {Role.PLANNER, Role.SERVICE_LEAD, Role.EXECUTIVE, Role.STEWARD, Role.AUDITOR, Role.ADMIN, Role.CONTROLLER}
)
"""Roles held over every account. The others are held over the accounts that the person's grants cover."""

STANDS_ALONE: frozenset[Role] = frozenset({Role.CUSTOMER})
"""Roles for outsiders: held with no other role, over single accounts only; nothing is lent to them or by them."""

NEVER_LENT: frozenset[Permission] = frozenset(
    {
        Permission.MANAGE_PEOPLE,
        Permission.MANAGE_LEDGER,
        Permission.MANAGE_PRIVACY,
        Permission.MANAGE_SETTINGS,
        Permission.SET_LOCALLY,
        Permission.DELEGATE,
    }
)
"""What a delegation never passes on. What was lent is never lent further either: only own roles are lent."""

NEEDED_FOR: dict[Sensitivity, Permission] = {
    Sensitivity.MONEY: Permission.READ_MONEY,
    Sensitivity.PRICES: Permission.READ_PRICES,
    Sensitivity.INTERNAL: Permission.READ_INTERNAL,
    Sensitivity.PERSONAL: Permission.READ_PERSONAL,
}
"""Which permission a field's sensitivity asks for."""
