"""Who adds up to whom: trees, and groupings that cross."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, numbers, refuse_where, whole_numbers
from closeknit.engine.compiled import array, run
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.hierarchy_kernels import order_from_leaves


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Nodes of which some are sums of leaves; made by `hierarchy_of_parents`, `..._of_groups` or `..._of_sums`.

    `is_leaf` [node]. `parents` and `order` [node] for a tree (each node before its parent), empty where groupings
    cross. `member_upper`, `member_leaf` [pair]: which leaf is in which sum, by their places among sums and leaves;
    empty for a tree, where the parents say it.
    """

    is_leaf: BoolArray
    parents: IntArray
    order: IntArray
    member_upper: IntArray
    member_leaf: IntArray

    @property
    def node_count(self) -> int:
        """Nodes, leaves included."""
        return int(self.is_leaf.size)

    @property
    def is_tree(self) -> bool:
        """Whether every node has at most one parent."""
        return bool(self.parents.size == self.is_leaf.size)

    @cached_property
    def leaves(self) -> IntArray:
        """Nodes that are no sum."""
        return frozen(np.flatnonzero(self.is_leaf))

    @cached_property
    def uppers(self) -> IntArray:
        """Nodes that are sums."""
        return frozen(np.flatnonzero(~self.is_leaf))

    @cached_property
    def members(self) -> Any:
        """Sparse matrix [sum, leaf] (A) of ones: sums = A leaves."""
        upper, leaf = self._pairs_of_tree() if self.is_tree else (self.member_upper, self.member_leaf)
        shape = (self.uppers.size, self.leaves.size)
        return sparse.csr_array((np.ones(upper.size), (upper, leaf)), shape=shape)

    @cached_property
    def leaf_counts(self) -> FloatArray:
        """Leaves per node; 1 for a leaf: the structural variances."""
        counts = np.ones(self.node_count)
        counts[self.uppers] = np.asarray(self.members.sum(axis=1)).ravel()
        return frozen(counts)

    @cached_property
    def places(self) -> tuple[IntArray, ...]:
        """A tree as its kernel takes it: runs of leaves [first node, node after the last, parent's place; run], and
        sums [node, parent's place; sum] by place, each before its parent; the last place stands for no parent.
        """
        # Compiled code takes no read-only arrays: these are not to be written to.
        uppers = self.order[~self.is_leaf[self.order]]
        place = np.full(self.node_count + 1, uppers.size, dtype=np.int64)
        place[uppers] = np.arange(uppers.size)
        above = place[np.where(self.parents >= 0, self.parents, self.node_count)]
        starts = np.flatnonzero(
            (np.diff(self.leaves, prepend=-2) != 1) | (np.diff(above[self.leaves], prepend=-1) != 0)
        )
        first, last = self.leaves[starts], self.leaves[np.append(starts[1:], self.leaves.size) - 1]
        return array([first, last + 1, above[first]], np.int64), array([uppers, above[uppers]], np.int64)

    def _pairs_of_tree(self) -> tuple[IntArray, IntArray]:
        place = np.cumsum(~self.is_leaf) - 1
        leaf, at = np.arange(self.leaves.size), self.parents[self.leaves]
        uppers, leaves = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        while (at >= 0).any():
            leaf, at = leaf[at >= 0], at[at >= 0]
            uppers.append(place[at])
            leaves.append(leaf)
            at = self.parents[at]
        return np.concatenate(uppers), np.concatenate(leaves)


def hierarchy_of_parents(parents: ArrayLike) -> Hierarchy:
    """A tree, or several: `parents` [node] names each node's parent by its index, -1 for a root.

    Nodes may come in any order; those that are nobody's parent are the leaves. A cycle is refused.

    >>> tree = hierarchy_of_parents([-1, 0, 0, 1, 1])
    >>> tree.leaves.tolist(), tree.leaf_counts.tolist()
    ([2, 3, 4], [3.0, 2.0, 1.0, 1.0, 1.0])
    """
    up = whole_numbers("parents", parents, minimum=-1, ndim=1)
    if up.size == 0:
        raise EngineInputError("parents is empty: give one entry per node")
    refuse_where(up >= up.size, "parents", up, f"give the index of a node, below {up.size}, or -1 for a root")
    children = np.bincount(up[up >= 0], minlength=up.size)
    order = np.full(up.size, -1, dtype=np.int64)
    placed = run(order_from_leaves, 4.0 * up.size, up, array(children, np.int64), order)
    if placed < up.size:
        lost = np.ones(up.size, dtype=np.bool_)
        lost[order[:placed]] = False
        refuse_where(lost, "parents", up, "this node is its own ancestor or hangs from one; break the cycle")
    nothing = np.zeros(0, dtype=np.int64)
    return Hierarchy(frozen(children == 0), frozen(up), frozen(order), frozen(nothing), frozen(nothing.copy()))


def hierarchy_of_groups(labels: ArrayLike) -> Hierarchy:
    """Groupings that may cross: `labels` [leaf, grouping] says which group each leaf is in, -1 for none.

    Nodes are numbered by grouping, within it by rising label, the leaves last in the order given. A grand total is a
    grouping whose labels are all 0; region by product is a grouping with a label for each pair.

    >>> crossed = hierarchy_of_groups([[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]])
    >>> crossed.members.toarray().astype(int).tolist()
    [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]]
    """
    given = whole_numbers("labels", labels, minimum=-1, ndim=2)
    if given.shape[0] == 0:
        raise EngineInputError("labels has no rows: give one per leaf")
    uppers, leaves, count = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)], 0
    for grouping in given.T:
        inside = np.flatnonzero(grouping >= 0)
        groups, which = np.unique(grouping[inside], return_inverse=True)
        uppers.append(which + count)
        leaves.append(inside)
        count += groups.size
    is_leaf = np.arange(count + given.shape[0]) >= count
    return _crossed(is_leaf, np.concatenate(uppers), np.concatenate(leaves))


def hierarchy_of_sums(summing: ArrayLike) -> Hierarchy:
    """From a summing matrix S of zeros and ones: `summing` [node, leaf], node = S leaves.

    Each leaf must have a row of its own (a single one); where there are several, the last is the leaf.
    For thousands of nodes give parents or groups, which need no matrix.

    >>> hierarchy_of_sums([[1, 1], [1, 0], [0, 1]]).leaves.tolist()
    [1, 2]
    """
    matrix = numbers("summing", summing, minimum=0.0, maximum=1.0, ndim=2)
    refuse_where((matrix != 0.0) & (matrix != 1.0), "summing", matrix, "give 0 or 1")
    single = matrix.sum(axis=1) == 1.0
    leaf_of_node = np.where(single, matrix.argmax(axis=1) if matrix.size else 0, -1)
    last = np.full(matrix.shape[1], -1)
    last[leaf_of_node[single]] = np.flatnonzero(single)
    if matrix.size == 0 or (last < 0).any():
        raise EngineInputError("summing lacks the leaves' own rows: give every leaf a row with a single 1")
    if (np.diff(last) < 0).any():
        raise EngineInputError("summing has the leaves' rows in another order than its columns: sort the rows")
    is_leaf = np.zeros(matrix.shape[0], dtype=np.bool_)
    is_leaf[last] = True
    upper, leaf = np.nonzero(matrix[~is_leaf])
    return _crossed(is_leaf, upper, leaf)


def _crossed(is_leaf: BoolArray, upper: IntArray, leaf: IntArray) -> Hierarchy:
    nothing = np.zeros(0, dtype=np.int64)
    return Hierarchy(frozen(is_leaf), frozen(nothing), frozen(nothing.copy()), frozen(upper), frozen(leaf))
