"""What a copy keeps and what it hides: distances of distributions, seasons, groups alike, nearest records."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from closeknit.rooms.privacy.compute.anonymity import anonymity_of, ks_distance, nearest_distances, variation_distance
from closeknit.rooms.privacy.compute.copying import MONDAY
from closeknit.rooms.privacy.contracts.copies import MOST_DISTANCE, CopyWork, FeatureDistance, Indexes, Numbers

MINUTES_A_DAY = 24 * 60
NEAR_QUANTILE = 0.05


def distances_of(real: CopyWork, copied: CopyWork) -> tuple[FeatureDistance, ...]:
    """Return how far each feature's distribution moved from the real data to the copy."""
    measured = {
        "quantity of an event": ks_distance(real.quantity, copied.quantity),
        "amount of an event": ks_distance(real.amount, copied.amount),
        "days between events of an account": ks_distance(gaps(real), gaps(copied)),
        "events of an account": ks_distance(_counts(real), _counts(copied)),
        "hour of the day": variation_distance(*(_shares(w.minute // 60 % 24, 24) for w in (real, copied))),
        "day of the week": variation_distance(*(_shares(_days(w) % 7, 7) for w in (real, copied))),
        "month of the year": variation_distance(*(_shares(_months(w), 12) for w in (real, copied))),
        "service": variation_distance(*(_shares(w.service, len(real.services)) for w in (real, copied))),
    }
    return tuple(FeatureDistance(name, round(at, 4), at <= MOST_DISTANCE) for name, at in measured.items())


def seasonality_correlation(real: CopyWork, copied: CopyWork) -> float:
    """Return how alike the shapes of an average week by hours are (Pearson), -1 to 1."""
    one, other = (_shares((w.minute - MONDAY) // 60 % (7 * 24), 7 * 24) for w in (real, copied))
    if one.std() == 0 or other.std() == 0:
        return float(np.allclose(one, other))
    return round(float(np.corrcoef(one, other)[0, 1]), 4)


def alike(shown: Sequence[tuple[str, str] | None]) -> int:
    """Return k of the accounts that a copy shows, by tier and region."""
    kept = [pair for pair in shown if pair is not None]
    return anonymity_of(kept, range(len(kept))).k


def near_shares(real: CopyWork, copied: CopyWork, rng: Generator) -> tuple[float, float]:
    """Return which share of copied accounts lies nearer to a real one than real ones do, and the same held-out.

    The nearest 5 % of a held-out half, measured to the other half, set the mark.
    """
    records, copies = features(real), features(copied)
    if len(records) < 4 or len(copies) == 0:
        return 1.0, 1.0
    mixed = rng.permutation(len(records))
    train, held = records[mixed[::2]], records[mixed[1::2]]
    baseline = nearest_distances(held, train)
    mark = np.quantile(baseline, NEAR_QUANTILE)
    near = nearest_distances(copies, train)
    return round(float(np.mean(near < mark)), 4), round(float(np.mean(baseline < mark)), 4)


def features(work: CopyWork) -> Numbers:
    """Return what tells accounts apart, one row each: size, spread, rhythm, hours and weekdays."""
    if not work.account.size:
        return np.empty((0, 8))
    rows = []
    order = np.lexsort((work.minute, work.account))
    numbers, starts = np.unique(work.account[order], return_index=True)
    for begin, end in zip(starts, [*starts[1:], len(order)], strict=True):
        own = order[begin:end]
        days = _days(work)[own]
        rows.append(
            [
                np.log1p(work.quantity[own].sum()),
                np.log1p(work.quantity[own].mean()),
                np.log1p(work.amount[own].mean()),
                np.log1p(len(own)),
                np.log1p(days[-1] - days[0]),
                np.log1p(np.diff(np.unique(days)).mean() if len(np.unique(days)) > 1 else 0.0),
                (work.minute[own] // 60 % 24).mean(),
                (days % 7).mean(),
            ]
        )
    return np.asarray(rows, dtype=np.float64).reshape(len(numbers), -1)


def gaps(work: CopyWork) -> Numbers:
    """Return the days between each event and the one before it of the same account."""
    order = np.lexsort((work.minute, work.account))
    account, minute = work.account[order], work.minute[order]
    same = account[1:] == account[:-1]
    days: Numbers = (np.diff(minute)[same] / MINUTES_A_DAY).astype(np.float64)
    return days


def _counts(work: CopyWork) -> Numbers:
    return np.unique(work.account, return_counts=True)[1].astype(np.float64)


def _days(work: CopyWork) -> Indexes:
    days: Indexes = (work.minute - MONDAY) // MINUTES_A_DAY
    return days


def _months(work: CopyWork) -> Indexes:
    months: Indexes = work.minute.astype("datetime64[m]").astype("datetime64[M]").astype(np.int64) % 12
    return months


def _shares(codes: Indexes, size: int) -> Numbers:
    return np.bincount(codes, minlength=size).astype(np.float64)
