"""Who is acting: passed to every public read and action, never looked up."""

from dataclasses import dataclass, field

from closeknit.kernel.errors import Denied


@dataclass(frozen=True, slots=True)
class Scope:
    """Which accounts an actor may see: all of them, or those of some teams."""

    every_account: bool = False
    team_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or the system itself, with what it may do and which accounts it may see.

    `key` is stable and goes to the ledger ("person:12", "system"); permissions come from roles in `org`.
    """

    key: str
    name: str
    permissions: frozenset[str] = frozenset()
    scope: Scope = field(default_factory=Scope)
    roles: tuple[str, ...] = ()

    def may(self, permission: str) -> bool:
        """Tell whether the actor holds a permission."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Refuse unless the actor holds the permission.

        Raises:
            Denied: with the permission's name, so that an administrator knows what to grant.
        """
        if permission not in self.permissions:
            raise Denied(
                f"{self.name} may not do this.",
                where=f"permission {permission}",
                todo="Ask an administrator for a role that includes it.",
            )
