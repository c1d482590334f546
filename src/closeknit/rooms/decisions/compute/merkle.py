"""The ledger's tree (RFC 6962, section 2.1): grown leaf by leaf, proofs put together from stored nodes.

A node is named (level, index): it covers the leaves index * 2**level up to (index + 1) * 2**level, all present.
Only such perfect nodes are stored; what covers the ragged right edge is folded together when asked for.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

EMPTY_ROOT = hashlib.sha256(b"").digest()
Node = tuple[int, int]
Part = tuple[Node, ...]


def hash_leaf(content: bytes) -> bytes:
    """Return SHA-256(0x00 || content)."""
    return hashlib.sha256(b"\x00" + content).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass
class Tree:
    """A tree known by its size and the perfect nodes that cover it, largest first."""

    size: int = 0
    edge: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add one leaf; return the nodes above it that it completes: (level, index, hash), lowest first."""
        completed = []
        running, index, level = leaf, self.size, 0
        while index & 1:
            running = hash_children(self.edge.pop(), running)
            level, index = level + 1, index >> 1
            completed.append((level, index, running))
        self.edge.append(running)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Return the root hash."""
        return fold(self.edge) if self.edge else EMPTY_ROOT


def fold(hashes: list[bytes]) -> bytes:
    """Return the hash over adjoining perfect nodes, largest first."""
    running = hashes[-1]
    for left in reversed(hashes[:-1]):
        running = hash_children(left, running)
    return running


def nodes_of(first: int, end: int) -> Part:
    """Return the perfect nodes that cover the leaves `first` to `end` (excluded), left to right.

    `first` must be a multiple of the largest power of two up to the range's length, as in every subtree.
    """
    nodes = []
    while first < end:
        level = (end - first).bit_length() - 1
        nodes.append((level, first >> level))
        first += 1 << level
    return tuple(nodes)


def inclusion_parts(index: int, size: int) -> list[Part]:
    """Return what proves the leaf `index` in the tree of `size` leaves, lowest first; each part folds to one hash."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    parts = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            parts.append(nodes_of(middle, end))
            end = middle
        else:
            parts.append(nodes_of(first, middle))
            first = middle
    return parts[::-1]


def root_by(index: int, size: int, leaf: bytes, proof: list[bytes]) -> bytes:
    """Return the root that an inclusion proof from `inclusion_parts` leads to."""
    turns = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        turns.append(index < middle)
        first, end = (first, middle) if index < middle else (middle, end)
    running = leaf
    for goes_left, sibling in zip(reversed(turns), proof, strict=True):
        running = hash_children(running, sibling) if goes_left else hash_children(sibling, running)
    return running


def consistency_parts(old_size: int, new_size: int) -> list[Part]:
    """Return what proves that the tree of `old_size` leaves is a prefix of that of `new_size`, lowest first."""
    if not 0 < old_size <= new_size:
        raise ValueError(f"nothing can be proven from {old_size} to {new_size} leaves")
    parts = []
    first, end = 0, new_size
    while end != old_size:
        middle = first + _split(end - first)
        if old_size <= middle:
            parts.append(nodes_of(middle, end))
            end = middle
        else:
            parts.append(nodes_of(first, middle))
            first = middle
    if first:
        parts.append(nodes_of(first, end))
    return parts[::-1]


def assemble(parts: Iterable[Part], hash_of: Callable[[Node], bytes]) -> list[bytes]:
    """Return a proof's hashes, given the hash of each stored node."""
    return [fold([hash_of(node) for node in part]) for part in parts]


def _split(leaves: int) -> int:
    return 1 << ((leaves - 1).bit_length() - 1)
