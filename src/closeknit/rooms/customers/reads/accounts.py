"""Every question about accounts. Unknown and out of scope look the same: NotFound."""

from collections.abc import Iterable
from datetime import datetime

import numpy as np
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.kernel.keyset import Order, page_after
from closeknit.kernel.listing import BACKWARDS, refuse_sort
from closeknit.rooms.customers.contracts import AccountCard, AccountKey, Tier
from closeknit.rooms.customers.models import CLOSENESS, Account
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact, system_actor, visible_account_numbers
from closeknit.rooms.privacy import reads as privacy
from closeknit.rooms.privacy.contracts import TIERING
from closeknit.rooms.sensing import reads as sensing

ACCOUNT_ORDERS: dict[str, Order] = {
    "number": Order("account_number"),
    "name": Order("name"),
    "tier": Order(CLOSENESS),
    "region": Order("region"),
    "since": Order("since_at", may_lack=True),
}
"""What a list of accounts can be sorted by, each by an index. By tier, the closest come first."""


def list_accounts(
    *,
    by: Actor,
    search: str = "",
    tier: str = "",
    team: str = "",
    sort: str = "number",
    after: str = "",
    limit: int = 100,
) -> list[AccountCard]:
    """Return accounts that the actor may see, in an order (`ACCOUNT_ORDERS`, with "-" backwards), after one for paging.

    What an account lacks comes last either way; the number settles ties.
    """
    refuse_sort(sort, list(ACCOUNT_ORDERS))
    rows = page_after(
        _matching(by, search, tier, team).select_related("team"),
        ACCOUNT_ORDERS[sort.removeprefix(BACKWARDS)],
        key="account_number",
        after=after,
        of=visible_accounts(by, also_merged=True),
        limit=limit,
        descending=sort.startswith(BACKWARDS),
    )
    return redact((_card(row) for row in rows), by=by)


def count_accounts(*, by: Actor, search: str = "", tier: str = "", team: str = "") -> int:
    """Return how many accounts that the actor may see match."""
    return _matching(by, search, tier, team).count()


def get_account(account_number: str, *, by: Actor, permission: Permission = Permission.READ_ACCOUNTS) -> AccountCard:
    """Return one account, or raise NotFound where there is none that the actor may see.

    A number that was merged away answers with the account that it is another name of. With another permission than to
    read accounts: none over which the actor holds that one too.
    """
    row = _find(account_number, by, permission)
    if row is None:
        raise NotFound("There is no such account.", where=account_number)
    return redact([_card(row)], by=by)[0]


def list_account_keys(*, by: Actor, permission: Permission = Permission.READ_ACCOUNTS) -> list[AccountKey]:
    """Return number, tier and team of every account that the actor may see, by account number.

    With another permission than to read accounts: of those over which the actor holds that one too.
    """
    rows = visible_accounts(by, permission).order_by("account_number").values_list("account_number", "tier", "team_id")
    return [AccountKey(number, Tier(tier), team) for number, tier, team in rows]


def find_tier(account_number: str, *, by: Actor) -> Tier | None:
    """Return an account's tier, or None where there is no such account that the actor may see."""
    found = _find(account_number, by, Permission.READ_ACCOUNTS)
    return Tier(found.tier) if found else None


def find_jurisdictions(account_numbers: Iterable[str], *, by: Actor) -> dict[str, str]:
    """Return where each of these accounts that the actor may see has its law; "" where nobody said."""
    rows = visible_accounts(by).filter(account_number__in=list(account_numbers))
    return dict(rows.values_list("account_number", "jurisdiction"))


def team_of(account_numbers: Iterable[str], *, by: Actor) -> dict[str, int | None]:
    """Return the team id of each of these accounts that the actor may see."""
    wanted = list(account_numbers)
    return dict(visible_accounts(by).filter(account_number__in=wanted).values_list("account_number", "team_id"))


def weekly_units(account_number: str, *, weeks: int, until_at: datetime, by: Actor) -> dict[str, NDArray[np.float64]]:
    """Return an account's observed units per operation in the `weeks` weeks before an instant, oldest first.

    What came under the numbers that were merged into it counts as its own.
    """
    number = get_account(account_number, by=by).account_number
    found: dict[str, NDArray[np.float64]] = {}
    for name in (number, *_other_names(number)):
        # The scope was checked above; sensing answers only those who see every account.
        for operation, units in sensing.weekly_units(name, weeks=weeks, until_at=until_at, by=system_actor()).items():
            found[operation] = found[operation] + units if operation in found else units
    return dict(sorted(found.items()))


def visible_accounts(
    by: Actor, permission: Permission = Permission.READ_ACCOUNTS, *, also_merged: bool = False
) -> QuerySet[Account]:
    """Return the accounts that the actor may read, and over which it holds the permission.

    Those that were merged into another one are left out, or come too.
    """
    rows = Account.objects.all() if also_merged else Account.objects.filter(merged_into="")
    for needed in {Permission.READ_ACCOUNTS, permission}:
        by.require(needed)
        if not by.scope_of(needed).every_account:
            rows = rows.filter(account_number__in=visible_account_numbers(by, needed))
    return rows


def left_out(account_numbers: Iterable[str], *, by: Actor, at: datetime) -> frozenset[str]:
    """Return which of these opted out of being valued, scored and tiered: what was computed before shows no more."""
    return privacy.list_refused(TIERING, account_numbers, by=by, at=at)


def _other_names(account_number: str) -> list[str]:
    own = list(Account.objects.filter(merged_into=account_number).values_list("account_number", flat=True))
    return own + [name for each in own for name in _other_names(each)]


def _find(account_number: str, by: Actor, permission: Permission) -> Account | None:
    """The account that a number stands for, following merges."""
    rows = visible_accounts(by, permission, also_merged=True).select_related("team")
    row = rows.filter(account_number=account_number).first()
    while row is not None and row.merged_into:
        row = rows.filter(account_number=row.merged_into).first()
    return row


def _matching(by: Actor, search: str, tier: str, team: str) -> QuerySet[Account]:
    rows = visible_accounts(by)
    words = search.replace("\x00", "").strip()
    if words:
        rows = rows.filter(Q(account_number__icontains=words) | Q(name__icontains=words))
    if tier:
        rows = rows.filter(tier=_tier(tier).value)
    if team:
        rows = rows.filter(team__name=team)
    return rows


def _tier(name: str) -> Tier:
    try:
        return Tier(name)
    except ValueError:
        known = ", ".join(Tier)
        raise Invalid(f"There is no tier {name!r}.", where="tier", todo=f"Use one of {known}.") from None


def _card(row: Account) -> AccountCard:
    return AccountCard(
        account_number=row.account_number,
        name=row.name,
        tier=Tier(row.tier),
        tier_reason=row.tier_reason,
        team_id=row.team_id,
        team=row.team.name if row.team else "",
        region=row.region,
        time_zone=row.time_zone,
        jurisdiction=row.jurisdiction,
        source_feed=row.source_feed,
        since_at=row.since_at,
    )
