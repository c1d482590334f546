"""Who may see what was observed.

Work rows carry account numbers but sensing stands below `customers` and knows no teams, so it shows rows only
to those who see every account. Higher rooms check an account's scope themselves and then ask here as the
system.
"""

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied
from closeknit.rooms.org.contracts import Permission


def require_feeds(by: Actor) -> None:
    """Refuse whoever may not see feeds, or sees only some accounts: rows of feeds belong to all of them."""
    _require_whole(by, Permission.READ_FEEDS)
    require_every_account(by)


def require_every_account(by: Actor) -> None:
    """Refuse whoever sees only some accounts."""
    _require_whole(by, Permission.READ_ACCOUNTS)


def _require_whole(by: Actor, permission: Permission) -> None:
    by.require(permission)
    if not by.scope_of(permission).every_account:
        raise Denied(
            f"{by.name} sees the accounts of some teams only; observed work belongs to all accounts.",
            where="account scope",
            todo="Open the account's own page, or ask an administrator for a role that sees every account.",
        )
