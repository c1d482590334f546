"""Who is acting, and over which accounts: passed to every public read and action, never looked up.

A right is a permission over some accounts. A person holds rights by own roles, and by what others lent: each such
bundle is a *hat*. A permission of one hat is never joined with the accounts of another, so ask
`scope_of(permission)`, never "holds the permission" and "sees the account" apart.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from closeknit.kernel.errors import Denied


@dataclass(frozen=True, slots=True)
class Place:
    """Where an account belongs at present: what grants are compared with. A place without account is nobody's."""

    account_number: str
    team_id: int | None = None
    region: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """Some accounts: those of a team, of a region, of both together, or one account. Nothing given: none."""

    team_id: int | None = None
    region: str = ""
    account_number: str = ""

    def covers(self, place: Place) -> bool:
        """Tell whether the place is among these accounts: every part that is given must match."""
        if self == Grant() or not place.account_number:
            return False
        return (
            self.team_id in (None, place.team_id)
            and self.region in ("", place.region)
            and self.account_number in ("", place.account_number)
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """Which accounts: every one, or those that some grant covers."""

    every_account: bool = False
    grants: frozenset[Grant] = frozenset()

    def covers(self, place: Place) -> bool:
        """Tell whether the place is in scope. What belongs to no account is for those who see every account."""
        return self.every_account or any(grant.covers(place) for grant in self.grants)

    def __or__(self, other: "Scope") -> "Scope":
        """Return what either covers."""
        return Scope(self.every_account or other.every_account, self.grants | other.grants)

    @property
    def team_ids(self) -> frozenset[int]:
        """Return the teams that are covered whole."""
        whole = (g for g in self.grants if not g.region and not g.account_number)
        return frozenset(g.team_id for g in whole if g.team_id is not None)


@dataclass(frozen=True, slots=True)
class Hat:
    """Permissions over the same accounts, held together."""

    permissions: frozenset[str]
    scope: Scope


@dataclass(frozen=True, slots=True)
class Lent:
    """Rights that another person lent, in force now."""

    lender_key: str
    lender_name: str
    permissions: frozenset[str]
    scope: Scope
    ends_at: datetime

    @property
    def on_behalf_of(self) -> str:
        """Return whom the borrower acts for."""
        return self.lender_name


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or the system itself, with what it may do and over which accounts.

    `key` is stable and goes to the ledger ("person:12", "system"). `permissions` and `scope` are the actor's own, all
    roles together; `own` are the hats they come from (empty: one hat of both). `lent` is what others lent.
    `withheld` names what the actor's department does not get ("finance.", "customers.name"), whatever it may read.
    """

    key: str
    name: str
    permissions: frozenset[str] = frozenset()
    scope: Scope = field(default_factory=Scope)
    roles: tuple[str, ...] = ()
    lent: tuple[Lent, ...] = ()
    own: tuple[Hat, ...] = ()
    withheld: frozenset[str] = frozenset()

    @property
    def held(self) -> frozenset[str]:
        """Return every permission that the actor holds, its own or lent, over whatever accounts."""
        return self.permissions.union(*(hat.permissions for hat in self.lent))

    def within(self, named: Collection[str]) -> "Actor":
        """Return the actor with no other permissions than these, in every hat, own or lent."""
        return replace(
            self,
            permissions=self.permissions.intersection(named),
            own=tuple(Hat(hat.permissions.intersection(named), hat.scope) for hat in self.own),
            lent=tuple(replace(hat, permissions=hat.permissions.intersection(named)) for hat in self.lent),
        )

    def may(self, permission: str) -> bool:
        """Tell whether the actor holds a permission, its own or lent, over whatever accounts."""
        return permission in self.permissions or any(permission in hat.permissions for hat in self.lent)

    def may_at(self, permission: str, place: Place) -> bool:
        """Tell whether the actor holds a permission over the account at a place."""
        return self.scope_of(permission).covers(place)

    def require(self, permission: str) -> None:
        """Refuse unless the actor holds the permission, its own or lent.

        Raises:
            Denied: with the permission's name, so that an administrator knows what to grant.
        """
        if not self.may(permission):
            raise self._refusal(permission)

    def scope_of(self, permission: str) -> Scope:
        """Return the accounts over which the actor holds a permission: those of every hat that holds it."""
        return self.own_scope_of(permission) | _joined(hat.scope for hat in self.lent if permission in hat.permissions)

    def own_scope_of(self, permission: str) -> Scope:
        """Return the accounts over which the actor holds a permission by its own roles."""
        hats = self.own or (Hat(self.permissions, self.scope),)
        return _joined(hat.scope for hat in hats if permission in hat.permissions)

    def hat_for(self, permission: str, place: Place | None = None) -> Lent | None:
        """Return whose hat a permission is used under: None for the actor's own, which comes first.

        Raises:
            Denied: where neither the actor nor anyone who lent rights holds the permission (over that place).
        """
        if permission in self.permissions and (place is None or self.own_scope_of(permission).covers(place)):
            return None
        for hat in self.lent:
            if permission in hat.permissions and (place is None or hat.scope.covers(place)):
                return hat
        raise self._refusal(permission)

    def name_for(self, permission: str, place: Place | None = None) -> str:
        """Return the name to put under an act: "Dana", or "Dana for Carol" where Carol's hat is used."""
        return self.name + self.behalf(permission, place)

    def behalf(self, permission: str, place: Place | None = None) -> str:
        """Return " for Carol" where Carol's hat is used, and "" where the actor's own is."""
        hat = self.hat_for(permission, place)
        return "" if hat is None else f" for {hat.on_behalf_of}"

    def _refusal(self, permission: str) -> Denied:
        return Denied(
            f"{self.name} may not do this.",
            where=f"permission {permission}",
            todo="Ask an administrator for a role that includes it.",
        )


def _joined(scopes: Iterable[Scope]) -> Scope:
    joined = Scope()
    for scope in scopes:
        joined |= scope
    return joined
