"""Measures of anonymity and of likeness: how many are alike, how far a distribution moved, how near a copy comes."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Anonymity:
    """The smallest group of rows that are alike (k), and the least number of different secrets in a group (l)."""

    k: int
    l: int  # noqa: E741 - the name of the measure


def anonymity_of(alike: Sequence[Hashable], secrets: Sequence[Hashable]) -> Anonymity:
    """Return k-anonymity and distinct l-diversity of rows, by what could be known of each and by its secret.

    Samarati and Sweeney 1998; Machanavajjhala et al. 2007.

    >>> anonymity_of(["a", "a", "b", "b", "b"], ["x", "y", "x", "y", "y"])
    Anonymity(k=2, l=2)
    """
    if not alike:
        return Anonymity(0, 0)
    groups: dict[Hashable, set[Hashable]] = defaultdict(set)
    for known, secret in zip(alike, secrets, strict=True):
        groups[known].add(secret)
    return Anonymity(min(Counter(alike).values()), min(len(found) for found in groups.values()))


def ks_distance(one: Numbers, other: Numbers) -> float:
    """Return the largest gap between two distribution functions (Kolmogorov-Smirnov), 0 to 1.

    >>> ks_distance(np.array([1.0, 2.0]), np.array([1.0, 2.0])), ks_distance(np.array([0.0]), np.array([1.0]))
    (0.0, 1.0)
    """
    if one.size == 0 or other.size == 0:
        return float(one.size != other.size)
    at = np.concatenate([one, other])
    below_one = np.searchsorted(np.sort(one), at, side="right") / one.size
    below_other = np.searchsorted(np.sort(other), at, side="right") / other.size
    return float(np.max(np.abs(below_one - below_other)))


def variation_distance(one: Numbers, other: Numbers) -> float:
    """Return half the sum of differences of two sets of shares (total variation), 0 to 1.

    >>> variation_distance(np.array([1.0, 1.0]), np.array([2.0, 0.0]))
    0.5
    """
    total_one, total_other = one.sum() or 1.0, other.sum() or 1.0
    return float(np.abs(one / total_one - other / total_other).sum() / 2)


def nearest_distances(records: Numbers, others: Numbers) -> Numbers:
    """Return how far each record is from the nearest of the others, in units of the others' spread by column."""
    spread = others.std(axis=0)
    spread[spread == 0] = 1.0
    found = np.empty(len(records))
    scaled_others = others / spread
    for start in range(0, len(records), AT_ONCE):
        part = records[start : start + AT_ONCE] / spread
        gaps = ((part[:, None, :] - scaled_others[None, :, :]) ** 2).sum(axis=2)
        found[start : start + AT_ONCE] = np.sqrt(gaps.min(axis=1))
    return found
