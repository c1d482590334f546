"""The access rules as a table for people: what each role and permission is, and which fields are held back."""

from dataclasses import dataclass

from closeknit.rooms.org.contracts.access import Permission, Role, Sensitivity


@dataclass(frozen=True, slots=True)
class RoleRule:
    """One role: what it is for, and which accounts it reaches."""

    role: Role
    sentence: str
    reach: str
    permissions: tuple[Permission, ...]


@dataclass(frozen=True, slots=True)
class PermissionRule:
    """One permission: what it allows, which roles hold it, and whether it can be lent."""

    permission: Permission
    sentence: str
    roles: tuple[Role, ...]
    is_lendable: bool


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field that not everybody who sees the account sees: what it is, and which permission shows it."""

    card: str
    name: str
    sensitivity: Sensitivity
    permission: Permission
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The rules whole, as they hold now."""

    roles: tuple[RoleRule, ...]
    permissions: tuple[PermissionRule, ...]
    fields: tuple[FieldRule, ...]


ROLE_SENTENCES = {
    Role.PLANNER: "Plans capacity and puts approved plans in force.",
    Role.ACCOUNT_MANAGER: "Looks after accounts and sees all about them.",
    Role.SERVICE_LEAD: "Answers for keeping promises: decides, and deviates locally.",
    Role.EXECUTIVE: "Sees everything and decides what is dear.",
    Role.STEWARD: "Keeps the data right.",
    Role.AUDITOR: "Reads everything, changes nothing.",
    Role.ADMIN: "Manages people and settings.",
    Role.CONTROLLER: "Watches money: what service costs and earns.",
    Role.CUSTOMER: "A customer's own reader, from outside.",
}
PERMISSION_SENTENCES = {
    Permission.READ_ACCOUNTS: "See accounts, their terms, and what was promised and kept.",
    Permission.READ_CAPACITY: "See forecasts, pools and plans.",
    Permission.READ_DECISIONS: "See the ledger's lines about accounts in reach.",
    Permission.READ_PRICES: "See what one more hour of a pool is worth.",
    Permission.READ_MONEY: "See costs, credits and amounts.",
    Permission.READ_INTERNAL: "See why: tier reasons, settings, what was put behind.",
    Permission.READ_PERSONAL: "See the names and addresses of people at customers.",
    Permission.READ_RECORDS: "See what every system says of an account, what may be one, what is said to be wrong.",
    Permission.READ_FEEDS: "See feeds, batches, quarantine and background work.",
    Permission.READ_LEDGER: "See every line of the ledger.",
    Permission.LOAD_DATA: "Load data.",
    Permission.RUN_PLAN: "Ask for forecasts and plans.",
    Permission.COMMIT_PLAN: "Put an approved plan in force.",
    Permission.PUBLISH_ROSTER: "Make a roster what its people go by.",
    Permission.ADJUST_FORECAST: "Override forecasts, record assumptions, close exceptions with a finding.",
    Permission.SHARE_FORECAST: "Agree which forecasts a partner outside sees, and end it.",
    Permission.RECORD_INSIGHT: "Record what is known of an account as structured insight.",
    Permission.PROPOSE: "Propose changes that others decide.",
    Permission.DECIDE: "Approve or reject what waits for a person.",
    Permission.DELEGATE: "Lend own rights for a time.",
    Permission.REPLAY_EVENTS: "Run failed background work again.",
    Permission.SET_LOCALLY: "Set values that differ for a region, site or account in reach.",
    Permission.MANAGE_SETTINGS: "Set values for everyone and everywhere.",
    Permission.MANAGE_PEOPLE: "Create people, change what they may do, shut them out.",
    Permission.MANAGE_PRIVACY: "Define purposes, answer requests, place holds, erase a subject's data.",
    Permission.MANAGE_LEDGER: "Erase a subject's texts, rotate the signing key, accept a break.",
}
