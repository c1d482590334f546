"""How many of the feeds behind what is known of an account are too old to move it by."""

from collections.abc import Iterable
from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers.models import Account
from closeknit.rooms.customers.reads.records import golden_numbers
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import FreshFor


def count_stale_feeds(account_numbers: Iterable[str], *, by: Actor, at: datetime) -> dict[str, int]:
    """Return for each account how many feeds are older than a change of tier allows (`sensing.fresh_for_tier_hours`).

    Those that bring work of an operation in which the account, under any of its numbers, is known; none: 0. Passed on
    as a fact of the proposal, so that stale data settles nothing by itself.
    """
    by.require(Permission.PROPOSE)
    # Asked as the system: who looks after one account sees no feed, and its proposal is judged by them all the same.
    system = org.system_actor()
    wanted = set(account_numbers)
    regions = dict(Account.objects.filter(account_number__in=wanted).values_list("account_number", "region"))
    golden = golden_numbers(by=system, at=None)
    kept = {alias: number for alias, number in golden.items() if number in wanted} | {each: each for each in wanted}
    places: dict[str, set[tuple[str, str]]] = {}
    for number, operations in sensing.operations_of_accounts(kept, by=system).items():
        account = kept[number]
        places.setdefault(account, set()).update((name, regions.get(account, "")) for name in operations)
    stale = {place: _stale(*place, by=system, at=at) for place in set().union(*places.values())}
    return {each: len(set().union(*(stale[place] for place in places.get(each, ())))) for each in wanted}


def _stale(operation: str, region: str, *, by: Actor, at: datetime) -> frozenset[str]:
    found = sensing.get_freshness(FreshFor.TIER, operation, region=region, at=at, by=by)
    return frozenset(feed.feed for feed in found.feeds if feed.is_stale)
