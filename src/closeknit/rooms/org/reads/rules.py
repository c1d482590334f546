"""The access rules as they hold now, for people to read: generated from the contracts, so never out of date."""

from dataclasses import fields, is_dataclass

from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared
from closeknit.kernel.errors import Denied
from closeknit.rooms.org.contracts import (
    NEEDED_FOR,
    NEVER_LENT,
    PERMISSIONS_OF,
    SEES_EVERY_ACCOUNT,
    STANDS_ALONE,
    Permission,
    Role,
    Sensitivity,
)
from closeknit.rooms.org.contracts.rules import (
    PERMISSION_SENTENCES,
    ROLE_SENTENCES,
    AccessRules,
    FieldRule,
    PermissionRule,
    RoleRule,
)

CARDS = "cards"
"""Contracts whose fields are not all public, by name; each such field says its sensitivity."""


def get_access_rules(*, by: Actor) -> AccessRules:
    """Return what each role may do, over which accounts, and which fields need more. For who works here."""
    if not by.may(Permission.READ_INTERNAL) and not by.may(Permission.MANAGE_PEOPLE):
        raise Denied(
            f"{by.name} may not read the access rules.",
            where=f"permission {Permission.READ_INTERNAL}",
            todo="Ask an administrator for a role that includes it.",
        )
    return AccessRules(
        roles=tuple(RoleRule(role, ROLE_SENTENCES.get(role, ""), _reach(role), _permissions(role)) for role in Role),
        permissions=tuple(
            PermissionRule(p, PERMISSION_SENTENCES.get(p, ""), _holders(p), p not in NEVER_LENT) for p in Permission
        ),
        fields=_fields(),
    )


def _reach(role: Role) -> str:
    if role in SEES_EVERY_ACCOUNT:
        return "every account"
    return "single accounts by name" if role in STANDS_ALONE else "accounts of its teams, regions, or by name"


def _permissions(role: Role) -> tuple[Permission, ...]:
    return tuple(p for p in Permission if p in PERMISSIONS_OF[role])


def _holders(permission: Permission) -> tuple[Role, ...]:
    return tuple(role for role in Role if permission in PERMISSIONS_OF[role])


def _fields() -> tuple[FieldRule, ...]:
    found = []
    for name, card in sorted(declared(CARDS).items()):
        for part in fields(card) if is_dataclass(card) else ():
            sensitivity = part.metadata.get("sensitivity")
            if sensitivity:
                kind = Sensitivity(sensitivity)
                found.append(FieldRule(name, part.name, kind, NEEDED_FOR[kind], _holders(NEEDED_FOR[kind])))
    return tuple(found)
