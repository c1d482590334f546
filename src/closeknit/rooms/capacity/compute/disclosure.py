"""Which totals a reader of a part of the accounts may see without learning of the others. Pure."""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from closeknit.rooms.demand.contracts import AccountUnits

LEAST_OTHERS = 3
"""A total that includes fewer other accounts would tell of each of them."""
LARGEST_SHARE = 0.75
"""A total of which one other account makes up more than this is, nearly, that account's own number."""

Hours = Mapping[str, float]
"""Hours, or units of work, by account number."""
Members = Mapping[str, Mapping[str, Hours]]
"""By pool and tier: the units that each account brings of what is planned for its tier together."""


class Serves(Protocol):
    """What serves some services in some regions ("*": all)."""

    @property
    def pool(self) -> str: ...
    @property
    def services(self) -> Sequence[str]: ...
    @property
    def regions(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What of one plan a reader may see: pools with totals, those that no others use, and whether the plan's totals."""

    pools: frozenset[str]
    own: frozenset[str]
    whole: bool


def may_show_total(others: Hours) -> bool:
    """Tell whether a total may be shown that holds these hours of accounts which the reader may not see.

    It may where it holds nothing of others at all, or the hours of three or more of which none has above 75 %.
    """
    hours = [value for value in others.values() if value > 0.0]
    if not hours:
        return True
    return len(hours) >= LEAST_OTHERS and max(hours) <= LARGEST_SHARE * sum(hours)


def disclose(others: Mapping[tuple[str, date], Hours], pools: Iterable[str]) -> Disclosure:
    """Decide over a whole plan, from the hours of accounts that the reader may not see, by pool and week.

    A pool is shown in all its weeks or in none. The plan's own totals less the pools that are shown are the total of
    the hidden ones, so they are shown only where that total may be; where exactly it may not, both stay hidden.
    """
    wholes = {pool: [hours for (place, _), hours in others.items() if place == pool] for pool in pools}
    shown = frozenset(pool for pool, weeks in wholes.items() if all(map(may_show_total, weeks)))
    own = frozenset(pool for pool, weeks in wholes.items() if not any(v > 0 for hours in weeks for v in hours.values()))
    hidden = join(hours for pool, weeks in wholes.items() if pool not in shown for hours in weeks)
    return Disclosure(shown, own, may_show_total(hidden))


def members_of(pools: Iterable[Serves], rows: Sequence[AccountUnits]) -> Members:
    """Return which accounts stand behind each tier that is planned together, at each pool."""
    return {pool.pool: _tiers_at(pool, rows) for pool in pools}


def pack_members(members: Members) -> bytes:
    """Return members as bytes to be stored with their plan."""
    return zlib.compress(json.dumps(members, separators=(",", ":")).encode())


def unpack_members(stored: bytes) -> Members:
    """Return what `pack_members` stored; nothing for a plan made before members were kept."""
    found: Members = json.loads(zlib.decompress(stored)) if stored else {}
    return found


def spread(hours: float, units: Hours) -> dict[str, float]:
    """Share the hours of a group that is planned together among its accounts, as each brings work.

    Of a group whose members are not known, all is taken to be one account's.
    """
    total = sum(units.values())
    if total <= 0:
        return {"": hours}
    return {account: hours * part / total for account, part in units.items()}


def join(parts: Iterable[Hours]) -> dict[str, float]:
    """Add up the hours of each account."""
    sums: dict[str, float] = {}
    for hours in parts:
        for account, value in hours.items():
            sums[account] = sums.get(account, 0.0) + value
    return sums


def _tiers_at(pool: Serves, rows: Sequence[AccountUnits]) -> dict[str, dict[str, float]]:
    tiers: dict[str, dict[str, float]] = {}
    for row in rows:
        here = {"*", row.service} & set(pool.services) and {"*", row.region} & set(pool.regions)
        if here and not row.is_own_series:
            units = tiers.setdefault(row.tier, {})
            units[row.account_number] = units.get(row.account_number, 0.0) + row.units_per_week
    return tiers
