"""Accounts asked for by their numbers."""

from collections.abc import Iterable

from closeknit.kernel.actor import Actor
from closeknit.kernel.among import among
from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.customers.reads.accounts import visible_accounts


def list_account_clocks(account_numbers: Iterable[str], *, by: Actor) -> list[tuple[str, Tier, str, str]]:
    """Return number, tier, time zone and region of those of these accounts that the actor may see, by number.

    A number that was merged away answers for itself: work was observed under it.
    """
    rows = visible_accounts(by, also_merged=True).filter(account_number__in=among(account_numbers))
    found = rows.order_by("account_number").values_list("account_number", "tier", "time_zone", "region")
    return [(number, Tier(tier), zone, region) for number, tier, zone, region in found]


def list_account_titles(account_numbers: Iterable[str], *, by: Actor) -> dict[str, tuple[str, Tier]]:
    """Return name and tier, by number, of those of these accounts that the actor may see."""
    rows = visible_accounts(by, also_merged=True).filter(account_number__in=among(account_numbers))
    found = rows.order_by("account_number").values_list("account_number", "name", "tier")
    return {number: (name, Tier(tier)) for number, name, tier in found}
