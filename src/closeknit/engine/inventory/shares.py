"""Who gets what when there is not enough: fair shares and quotas over claims that are all known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, together


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """What each claim gets (the claims' unit), what stays unserved, and what is left of the supply.

    Claims lie along the last axis; `filled_share` is 0..1 of each claim (1 where nothing is asked).
    """

    allocated: FloatArray
    unserved: FloatArray
    filled_share: FloatArray
    left: FloatArray


def _shares(allocated: FloatArray, claims: FloatArray, supply: FloatArray) -> Shares:
    allocated = np.minimum(allocated, claims)
    asked = claims > 0.0
    filled = np.where(asked, allocated / np.where(asked, claims, 1.0), 1.0)
    left = np.maximum(supply - np.sum(allocated, axis=-1), 0.0)
    return Shares(frozen(allocated), frozen(claims - allocated), frozen(filled), frozen(left))


def _claims(supply: ArrayLike, claims: ArrayLike, weights: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Supply with a last axis of length 1, claims and weights of one shape."""
    asked = numbers("claims", claims, minimum=0.0)
    stock = numbers("supply", supply, minimum=0.0)
    weight = numbers("weights", weights, above=0.0, maximum=1e9)
    refuse_where(np.array(asked.ndim == 0), "claims", asked, "give a list of claims")
    asked, weight, room = together(("claims", asked), ("weights", weight), ("supply", stock[..., None]))
    return np.array(room[..., :1]), np.array(asked), np.array(weight)


def proportional_shares(supply: ArrayLike, claims: ArrayLike) -> Shares:
    """Every claim gets the same part of what it asked for.

    Parameters: `supply` (>= 0, one per group), `claims` (>= 0, along the last axis, in the same unit).
    Formula: claim x min(1, supply / sum of claims). A claim that asks for more gets more: where claims can be
    inflated, use `max_min_shares`. Source: APICS dictionary, "fair share quantity logic".

    >>> proportional_shares(80.0, [50.0, 30.0, 20.0]).allocated.tolist()
    [40.0, 24.0, 16.0]
    """
    room, asked, _ = _claims(supply, claims, 1.0)
    total = np.sum(asked, axis=-1, keepdims=True)
    enough = room >= total
    part = np.where(enough, 1.0, room / np.where(enough, 1.0, total))
    return _shares(asked * part, asked, room[..., 0])


def max_min_shares(supply: ArrayLike, claims: ArrayLike, weights: ArrayLike = 1.0) -> Shares:
    """Small claims in full, large ones cut to one common level: nobody can get more unless someone poorer gets less.

    Parameters: `supply` and `claims` as in `proportional_shares`; `weights` (> 0, per claim: the level of a claim of
    weight 2 is twice as high). Formula: min(claim, weight x level), the level such that the supply is used up (water
    filling). Asking for more than one needs gains nothing. Source: Bertsekas and Gallager, Data Networks (1992), 6.5.2.

    >>> max_min_shares(80.0, [50.0, 30.0, 20.0]).allocated.tolist()
    [30.0, 30.0, 20.0]
    """
    room, asked, weight = _claims(supply, claims, weights)
    level = asked / weight
    order = np.argsort(level, axis=-1, kind="stable")
    levels, heavy, full = (np.take_along_axis(part, order, axis=-1) for part in (level, weight, asked))
    # The supply needed to raise all claims to each claim's level in turn.
    done = np.concatenate([np.zeros_like(full[..., :1]), np.cumsum(full, axis=-1)[..., :-1]], axis=-1)
    still = np.cumsum(heavy[..., ::-1], axis=-1)[..., ::-1]
    place = np.sum(done + levels * still <= room, axis=-1, keepdims=True)
    inside = np.minimum(place, levels.shape[-1] - 1)
    rest, over = np.take_along_axis(done, inside, axis=-1), np.take_along_axis(still, inside, axis=-1)
    common = np.maximum(room - rest, 0.0) / over
    enough = place >= levels.shape[-1]
    return _shares(np.where(enough, asked, np.minimum(asked, weight * common)), asked, room[..., 0])


def priority_shares(supply: ArrayLike, claims: ArrayLike) -> Shares:
    """First come, first served, in the order given.

    Parameters as in `proportional_shares`.

    >>> priority_shares(80.0, [50.0, 30.0, 20.0]).allocated.tolist()
    [50.0, 30.0, 0.0]
    """
    room, asked, _ = _claims(supply, claims, 1.0)
    before = np.cumsum(asked, axis=-1) - asked
    return _shares(np.clip(room - before, 0.0, asked), asked, room[..., 0])


def quota_shares(supply: ArrayLike, claims: ArrayLike, quotas: ArrayLike) -> Shares:
    """Claims served up to each one's quota first; what is left goes on in the order given.

    Parameters: `supply` and `claims` as in `proportional_shares`, highest class first; `quotas` (>= 0, per claim, what
    is reserved for it; together at most the supply, else each is cut in proportion).
    Formula: min(claim, quota) first, then the rest of the claims from the rest of the supply, first class first. For
    claims that arrive one after the other use protection levels (`nested_shares`).

    >>> quota_shares(80.0, [50.0, 30.0, 20.0], [30.0, 20.0, 20.0]).allocated.tolist()
    [40.0, 20.0, 20.0]
    """
    room, asked, _ = _claims(supply, claims, 1.0)
    quota = numbers("quotas", quotas, minimum=0.0)
    asked, quota, room = together(("claims", asked), ("quotas", quota), ("supply", room))
    room, asked = np.array(room[..., :1]), np.array(asked)
    total = np.sum(quota, axis=-1, keepdims=True)
    held = quota * np.where(total > room, room / np.where(total > 0.0, total, 1.0), 1.0)
    first = np.minimum(asked, held)
    rest = priority_shares(np.maximum(room[..., 0] - np.sum(first, axis=-1), 0.0), asked - first)
    return _shares(first + rest.allocated, asked, room[..., 0])


def nested_shares(supply: ArrayLike, claims: ArrayLike, protection: ArrayLike) -> Shares:
    """Claims that arrive lowest class first, each refused what is protected for the classes above it.

    Parameters: `supply` and `claims` as in `proportional_shares`, highest class first along the last axis;
    `protection` (y_j >= 0, rising; one fewer than claims: what is kept for classes 1..j). Formula: class j gets
    min(claim, max(0, what is left - y_{j-1})), from the lowest class up; a higher class may use all that the lower
    ones left. Source: Talluri and van Ryzin (2004), section 2.1.

    >>> nested_shares(100.0, [40.0, 30.0, 60.0], [20.0, 45.0]).allocated.tolist()
    [20.0, 25.0, 55.0]
    """
    room, asked, _ = _claims(supply, claims, 1.0)
    kept = numbers("protection", protection, minimum=0.0)
    if kept.ndim == 0 or kept.shape[-1] != asked.shape[-1] - 1:
        refuse_where(np.array(True), "protection", np.array(str(kept.shape)), "give one fewer than claims")
    falling = np.diff(kept, axis=-1, prepend=0.0) < 0.0
    refuse_where(falling, "protection", kept, "give levels that never fall from class to class")
    left = room[..., 0] + np.zeros(asked.shape[:-1])
    given = np.zeros_like(asked)
    for place in range(asked.shape[-1] - 1, -1, -1):
        free = left - (kept[..., place - 1] if place > 0 else 0.0)
        given[..., place] = np.clip(free, 0.0, asked[..., place])
        left = left - given[..., place]
    return _shares(given, asked, room[..., 0])
