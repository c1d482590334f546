"""Making a copy that shows nobody: pseudonyms, groups of five alike, each account's weeks drawn from several others.

An account of the copy is nobody's: its blocks of weeks are drawn from a few accounts of its cell (same tier, like
size), each block from the same season, at the hours and weekdays it had; then the whole account is shifted by weeks.
"""

import hmac
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from closeknit.rooms.privacy.contracts.copies import LEAST_ALIKE, CopyAccount, CopySource, CopyWork, Indexes, Numbers

OTHER = "other"
BLOCK_WEEKS = 4
SEASON_WEEKS = 4
SHIFT_WEEKS = 2
DONORS = 3
JITTER_MINUTES = 10
LEVEL_SPREAD = 0.15
EVENT_SPREAD = 0.1
MINUTES_A_WEEK = 7 * 24 * 60
MONDAY = 4 * 24 * 60  # 1970-01-05, a Monday, in minutes


def pseudonym(key: bytes, number: str) -> str:
    """Return an account's name in one copy. The key is new for each copy and thrown away: no two can be joined."""
    return "C-" + hmac.digest(key, number.encode(), "sha256").hex()[:12]


def generalise(accounts: Sequence[CopyAccount], least: int = LEAST_ALIKE) -> list[tuple[str, str] | None]:
    """Return tier and region of each account as the copy shows them, so that `least` are alike; None leaves it out.

    First regions with too few of a tier become "other", then tiers with too few take over the next one's.
    """
    tiers = [account.tier for account in accounts]
    order = sorted(set(tiers), key=lambda tier: (Counter(tiers)[tier], tier))
    for place, tier in enumerate(order[:-1]):
        if tiers.count(tier) < least:
            tiers = [order[place + 1] if each == tier else each for each in tiers]
    pairs = list(zip(tiers, (account.region for account in accounts), strict=True))
    counts = Counter(pairs)
    pairs = [pair if counts[pair] >= least else (pair[0], OTHER) for pair in pairs]
    counts = Counter(pairs)
    few = {tier for (tier, _), count in counts.items() if count < least}
    pairs = [(tier, OTHER) if tier in few else (tier, region) for tier, region in pairs]
    counts = Counter(pairs)
    return [pair if counts[pair] >= least else None for pair in pairs]


def copy_work(source: CopySource, shown: Sequence[tuple[str, str] | None], rng: Generator) -> CopyWork:
    """Return new events for every account that is shown, drawn in blocks from accounts of its cell."""
    work = source.work
    starts, order = _by_account(work, len(source.accounts))
    totals: Numbers = np.bincount(work.account, weights=work.quantity, minlength=len(source.accounts)).astype(
        np.float64
    )
    cells = cells_of(shown, totals)
    limits = _limits(work)
    parts: list[tuple[Indexes, Indexes, Indexes]] = []
    for members in cells:
        for account in members:
            donors = rng.choice(members, size=min(DONORS, len(members)), replace=False)
            parts += _draw(int(account), donors, work, starts, order, rng)
    if not parts:
        nothing = np.empty(0, dtype=np.int64)
        parts = [(nothing, nothing, nothing)]
    account, taken, minute = (np.concatenate([part[i] for part in parts]) for i in range(3))
    region_kept = np.array([pair is not None and pair[1] != OTHER for pair in shown])
    quantity = np.minimum(work.quantity[taken], limits[work.service[taken]])
    # Each account pays a little more or less than those it is drawn from, and each event does.
    levels = np.exp(rng.normal(0, LEVEL_SPREAD, len(source.accounts)))[account]
    each = np.exp(rng.normal(0, EVENT_SPREAD, taken.size))
    amount = _rounded(np.minimum(work.amount[taken] * levels * each, _top(work.amount)))
    # An account whose own region is not shown shows no region with its events either.
    regions = (*work.regions, OTHER)
    region = np.where(region_kept[account], work.region[taken], len(regions) - 1)
    common = np.bincount(region, minlength=len(regions)) >= LEAST_ALIKE
    region = np.where(common[region], region, len(regions) - 1)
    return CopyWork(
        account, minute, work.service[taken], region, quantity, amount, work.services, regions, work.currency
    )


def cells_of(shown: Sequence[tuple[str, str] | None], totals: Numbers, least: int = LEAST_ALIKE) -> list[Indexes]:
    """Return groups of accounts of one tier and like size, `least` or more in each, over all that are shown."""
    found = []
    for tier in sorted({pair[0] for pair in shown if pair is not None}):
        members = np.array([i for i, pair in enumerate(shown) if pair is not None and pair[0] == tier])
        ordered = members[np.argsort(totals[members], kind="stable")]
        found += [cell for cell in np.array_split(ordered, max(1, len(ordered) // least)) if len(cell)]
    return found


def _by_account(work: CopyWork, accounts: int) -> tuple[Indexes, Indexes]:
    order = np.lexsort((work.minute, work.account))
    return np.searchsorted(work.account[order], np.arange(accounts + 1)), order


def _draw(
    account: int, donors: Indexes, work: CopyWork, starts: Indexes, order: Indexes, rng: Generator
) -> list[tuple[Indexes, Indexes, Indexes]]:
    """Return the events of one account of the copy: which events they are drawn from, and when they happen."""
    spans = {int(donor): _span(order[starts[donor] : starts[donor + 1]], work) for donor in donors}
    firsts, lasts = zip(*spans.values(), strict=True)
    ends = sorted((firsts[int(rng.integers(len(firsts)))], lasts[int(rng.integers(len(lasts)))]))
    shift = int(rng.choice([week for week in range(-SHIFT_WEEKS, SHIFT_WEEKS + 1) if week])) * MINUTES_A_WEEK
    found = []
    for week in range(ends[0], ends[1] + 1, BLOCK_WEEKS):
        length = min(BLOCK_WEEKS, ends[1] + 1 - week)
        # Who was a customer in these weeks gives them; who was not says nothing about them.
        active = [donor for donor, (first, last) in spans.items() if first <= week + length - 1 and week <= last]
        donor = int(rng.choice(active or list(spans)))
        first, last = spans[donor]
        source = week + int(rng.integers(-SEASON_WEEKS, SEASON_WEEKS + 1))
        source = min(max(source, min(first, week)), max(last - length + 1, week))
        own = order[starts[donor] : starts[donor + 1]]
        begins = MONDAY + source * MINUTES_A_WEEK
        left, right = np.searchsorted(work.minute[own], [begins, begins + length * MINUTES_A_WEEK])
        taken = own[left:right]
        # What was ordered together stays together.
        minutes, together = np.unique(work.minute[taken], return_inverse=True)
        jitter = rng.integers(-JITTER_MINUTES, JITTER_MINUTES + 1, size=len(minutes))[together]
        minute = work.minute[taken] + (week - source) * MINUTES_A_WEEK + shift + jitter
        found.append((np.full(len(taken), account, dtype=np.int64), taken, minute))
    return found


def _span(own: Indexes, work: CopyWork) -> tuple[int, int]:
    """Return the first and last week in which an account had events, which are in order of time."""
    if not len(own):
        return 0, -1
    weeks = (work.minute[own[[0, -1]]] - MONDAY) // MINUTES_A_WEEK
    return int(weeks[0]), int(weeks[1])


def _limits(work: CopyWork) -> Numbers:
    """Return by service the size that five events reach: larger ones would name who they are."""
    found = np.zeros(max(1, len(work.services)))
    for service in range(len(work.services)):
        found[service] = _top(work.quantity[work.service == service])
    return found


def _top(values: Numbers) -> float:
    if values.size < LEAST_ALIKE:
        return float(np.median(values)) if values.size else 0.0
    return float(np.partition(values, -LEAST_ALIKE)[-LEAST_ALIKE])


def _rounded(values: Numbers) -> Numbers:
    """Return values with two significant digits."""
    size: NDArray[np.float64] = 10.0 ** (np.floor(np.log10(np.maximum(values, 1e-9))) - 1)
    return np.where(values > 0, np.round(values / size) * size, 0.0)
