"""From links of pairs to clusters, and from merges to what they lead to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, IntArray, frozen, numbers, refuse_where, whole_numbers
from closeknit.engine.errors import EngineInputError


@dataclass(frozen=True, slots=True)
class Clusters:
    """The cluster of each item (named by its smallest member), and which links were used.

    A link is unused only where it would have brought together two items that must stay apart.
    """

    label: IntArray
    used: BoolArray


def cluster_links(
    n_items: int,
    first: ArrayLike,
    second: ArrayLike,
    weight: ArrayLike,
    apart_first: ArrayLike = (),
    apart_second: ArrayLike = (),
    colour: ArrayLike | None = None,
) -> Clusters:
    """Join linked items, strongest links first, never two that must stay apart.

    Args:
        n_items: how many items there are.
        first, second: the two ends of each link, 0 <= index < n_items, shape (links,).
        weight: how strong each link is; ties go by the order of their ends, shape (links,).
        apart_first, apart_second: pairs that must never be in one cluster, shape (pairs,).
        colour: items of two different colours must never be in one cluster; -1 for none, shape (items,).

    Formula: union of sets along the links in order of weight; a link whose two sets hold a pair of `apart`, or two
    colours, is left out.

    Validity: greedy: not the heaviest set of links that keeps all apart, but one that takes the surest first.

    Source: Kruskal (1956) with forbidden pairs, as COP-k-means (Wagstaff and others, 2001) has them.

    >>> cluster_links(4, [0, 1, 2], [1, 2, 3], [9.0, 5.0, 7.0], [0], [3]).label.tolist()
    [0, 0, 2, 2]
    """
    n = int(whole_numbers("n_items", n_items, minimum=0))
    one, other = _ends("first", first, n), _ends("second", second, n)
    strength = numbers("weight", weight, ndim=1)
    apart_one, apart_other = _ends("apart_first", apart_first, n), _ends("apart_second", apart_second, n)
    if not one.size == other.size == strength.size or apart_one.size != apart_other.size:
        raise EngineInputError("first, second and weight differ in length: give both ends and a weight for each link")
    refuse_where(apart_one == apart_other, "apart_first", apart_one, "give two different items to keep apart")
    parent = list(range(n))
    enemies: dict[int, set[int]] = {}
    for a, b in zip(apart_one.tolist(), apart_other.tolist(), strict=True):
        enemies.setdefault(a, set()).add(b)
        enemies.setdefault(b, set()).add(a)
    shade = _colours(colour, n)
    used = np.zeros(one.size, dtype=bool)
    for at in np.lexsort((other, one, -strength)).tolist():
        a, b = _root(parent, int(one[at])), _root(parent, int(other[at]))
        if a != b:
            small, large = min(a, b), max(a, b)
            if shade[small] != shade[large] and min(shade[small], shade[large]) >= 0:
                continue
            if any(_root(parent, enemy) == large for enemy in enemies.get(small, ())):
                continue
            shade[small] = max(shade[small], shade[large])
            parent[large] = small
            if large in enemies:
                enemies[small] = enemies.get(small, set()) | enemies.pop(large)
        used[at] = True
    return Clusters(frozen(np.array([_root(parent, i) for i in range(n)], dtype=np.int64)), frozen(used))


def roots_of_merges(kept: ArrayLike) -> IntArray:
    """Return what each item is in the end, following merges one after the other; a cycle is refused.

    Args:
        kept: the item that each was merged into, itself where it stands, shape (items,).

    Formula: the fixed point of $k \\leftarrow k[k]$, reached in $\\log_2$ of the longest chain.

    Validity: every index lies within the items.

    Source: pointer jumping (Wyllie, 1979).

    >>> roots_of_merges([0, 0, 1]).tolist()
    [0, 0, 0]
    """
    given: IntArray = whole_numbers("kept", kept, minimum=0)
    if given.ndim != 1:
        raise EngineInputError(f"kept has {given.ndim} dimensions: give one entry per item")
    refuse_where(given >= given.size, "kept", given, "give the index of an item")
    roots = given.copy()
    for _ in range(max(1, int(given.size).bit_length())):
        roots = roots[roots]
    refuse_where(given[roots] != roots, "kept", given, "merges go round in a circle: end one of them")
    result: IntArray = frozen(roots)
    return result


def _colours(colour: ArrayLike | None, n_items: int) -> list[int]:
    if colour is None:
        return [-1] * n_items
    given: IntArray = whole_numbers("colour", colour, minimum=-1)
    if given.shape != (n_items,):
        raise EngineInputError(f"colour has shape {given.shape}: give one entry for each of {n_items} items")
    return [int(each) for each in given]


def _ends(name: str, value: ArrayLike, n_items: int) -> IntArray:
    array = np.asarray(value)
    ends: IntArray = whole_numbers(name, array if array.size else np.zeros(0, dtype=np.int64), minimum=0)
    if ends.ndim != 1:
        raise EngineInputError(f"{name} has {ends.ndim} dimensions: give a list of items")
    refuse_where(ends >= n_items, name, ends, f"give an index below n_items, which is {n_items}")
    return ends


def _root(parent: list[int], item: int) -> int:
    while parent[item] != item:
        parent[item] = parent[parent[item]]
        item = parent[item]
    return item
