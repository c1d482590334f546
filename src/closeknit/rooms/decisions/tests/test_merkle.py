"""The tree and the separate verifier, against the definition of RFC 6962 read aloud: every tree, every proof."""

import hashlib
import os
import random

import pytest

from closeknit.rooms.decisions.compute import merkle
from closeknit.rooms.decisions.tests.verifier import verify_ledger

SLOW = os.environ.get("CLOSEKNIT_SLOW") == "1"
MOST_LEAVES = 256
# All proofs of all trees; those of a spread of sizes are also cut, lengthened and flipped bit by bit.
THOROUGH = set(range(1, 257)) if SLOW else {*range(1, 34), 63, 64, 65, 100, 127, 128, 129, 200, 255, 256}
LEAVES = [merkle.hash_leaf(b"entry %d" % i) for i in range(MOST_LEAVES)]
STRANGER = hashlib.sha256(b"a stranger").digest()
included, consistent = verify_ledger.verify_inclusion, verify_ledger.verify_consistency


def root_of(first: int, end: int) -> bytes:
    """MTH of RFC 6962, as written there."""
    if end == first:
        return hashlib.sha256(b"").digest()
    if end - first == 1:
        return LEAVES[first]
    half = 1
    while half * 2 < end - first:
        half *= 2
    key = (first, end)
    if key not in ROOTS:
        pair = root_of(first, first + half) + root_of(first + half, end)
        ROOTS[key] = hashlib.sha256(b"\x01" + pair).digest()
    return ROOTS[key]


ROOTS: dict[tuple[int, int], bytes] = {}


def hash_of(node: merkle.Node) -> bytes:
    level, index = node
    return root_of(index << level, (index + 1) << level)


def inclusion(index: int, size: int) -> list[bytes]:
    return merkle.assemble(merkle.inclusion_parts(index, size), hash_of)


def consistency(old: int, new: int) -> list[bytes]:
    return merkle.assemble(merkle.consistency_parts(old, new), hash_of)


def flips(data: bytes, rng: random.Random, most: int):
    """The same bytes with one bit flipped: every bit where that is wanted, else some."""
    bits = range(len(data) * 8)
    for bit in bits if SLOW and len(data) * 8 <= most else rng.sample(bits, min(most, len(bits))):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def test_a_growing_tree_has_the_roots_and_nodes_of_the_definition():
    tree, other = merkle.Tree(), verify_ledger.GrowingTree()
    assert tree.root() == other.root() == merkle.EMPTY_ROOT
    for size, leaf in enumerate(LEAVES, start=1):
        completed = tree.append(leaf)
        assert [node for *_, node in completed] == other.append(leaf)
        assert all(node == hash_of((level, index)) for level, index, node in completed)
        assert tree.root() == other.root() == root_of(0, size)


def places(size: int, rng: random.Random) -> list[int]:
    """Every leaf of a small tree; of a large one the ends, and some between."""
    return list(range(size)) if SLOW or size <= 33 else sorted({0, 1, size - 2, size - 1, *rng.sample(range(size), 12)})


def test_every_proof_of_every_tree_up_to_256_leaves_is_accepted():
    for size in range(1, MOST_LEAVES + 1):
        root = root_of(0, size)
        assert all(included(LEAVES[i], i, size, inclusion(i, size), root) for i in range(size)), size
        assert all(consistent(n, root_of(0, n), size, root, consistency(n, size)) for n in range(1, size + 1)), size


@pytest.mark.parametrize("size", sorted(THOROUGH))
def test_every_change_of_an_inclusion_proof_is_refused(size):
    rng = random.Random(size)
    root = root_of(0, size)
    for index in places(size, rng):
        proof, leaf = inclusion(index, size), LEAVES[index]
        assert included(leaf, index, size, proof, root)
        assert not included(leaf, index, size, [*proof, STRANGER], root)
        assert not included(leaf, index, size, [STRANGER, *proof], root)
        assert not included(leaf, (index + 1) % size, size, proof, root) or size == 1
        assert not included(leaf, size, size, proof, root)
        assert not included(leaf, index, 0, proof, root)
        assert not any(included(leaf, index, size, proof[:k], root) for k in range(len(proof)))
        assert not any(included(leaf, index, size, proof[k:], root) for k in range(1, len(proof) + 1))
        assert not any(included(bad, index, size, proof, root) for bad in flips(leaf, rng, 4))
        assert not any(included(leaf, index, size, proof, bad) for bad in flips(root, rng, 4))
        for k, sibling in enumerate(proof):
            for bad in flips(sibling, rng, 256 if SLOW or size <= 8 else 2):
                assert not included(leaf, index, size, [*proof[:k], bad, *proof[k + 1 :]], root)


@pytest.mark.parametrize("new", sorted(THOROUGH))
def test_every_change_of_a_consistency_proof_is_refused(new):
    rng = random.Random(new)
    new_root = root_of(0, new)
    for old in (place + 1 for place in places(new, rng)):
        proof, old_root = consistency(old, new), root_of(0, old)
        assert consistent(old, old_root, new, new_root, proof)
        assert not consistent(old, old_root, new, new_root, [*proof, STRANGER])
        assert not consistent(0, old_root, new, new_root, proof)
        assert not any(consistent(old, old_root, new, new_root, proof[:k]) for k in range(len(proof)))
        assert not any(consistent(old, old_root, new, new_root, proof[k:]) for k in range(1, len(proof) + 1))
        assert not consistent(new, new_root, old, old_root, proof) or old == new
        assert not any(consistent(old, bad, new, new_root, proof) for bad in flips(old_root, rng, 3))
        assert not any(consistent(old, old_root, new, bad, proof) for bad in flips(new_root, rng, 3))
        for k, sibling in enumerate(proof):
            for bad in flips(sibling, rng, 256 if SLOW or new <= 8 else 2):
                assert not consistent(old, old_root, new, new_root, [*proof[:k], bad, *proof[k + 1 :]])


def test_nothing_is_proven_from_an_empty_tree():
    empty, root = merkle.EMPTY_ROOT, root_of(0, 5)
    for proof in ([], [root], [empty], inclusion(0, 5)):
        assert not consistent(0, empty, 5, root, proof)
    assert consistent(0, empty, 0, empty, [])
    assert not consistent(0, empty, 0, root, [])
    assert not consistent(0, empty, 0, empty, [root])
    assert not included(empty, 0, 0, [], empty)


@pytest.mark.parametrize("bad", [None, "x", b"short", [b"short"], 99, -1, 1.0, True, bytearray(32), [None], "00" * 32])
def test_the_malformed_is_refused_without_an_exception(bad):
    size, index, proof, root = 5, 2, inclusion(2, 5), root_of(0, 5)
    good = [LEAVES[2], index, size, proof, root]
    assert included(*good)
    for place in range(5):
        assert not included(*good[:place], bad, *good[place + 1 :])
    good = [3, root_of(0, 3), size, root, consistency(3, 5)]
    assert consistent(*good)
    for place in range(5):
        assert not consistent(*good[:place], bad, *good[place + 1 :])


def test_sizes_that_no_disk_holds_are_answered():
    assert not included(STRANGER, 2**63, 2**64, [STRANGER] * 64, STRANGER)
    assert not consistent(2**63, STRANGER, 2**64 - 1, STRANGER, [STRANGER] * 65)


def test_an_inner_node_is_no_leaf():
    root, inner = root_of(0, 8), root_of(0, 2)
    proof = inclusion(0, 8)
    assert included(LEAVES[0], 0, 8, proof, root)
    assert not included(inner, 0, 4, proof[1:], root_of(0, 4))
    pair = LEAVES[0] + LEAVES[1]
    assert not included(merkle.hash_leaf(pair), 0, 4, proof[1:], root)


def test_red_twin_without_prefixes_a_pair_of_hashes_passes_for_an_entry(monkeypatch):
    bare = lambda *parts: hashlib.sha256(b"".join(parts)).digest()  # noqa: E731 - the broken hash of the twin
    monkeypatch.setattr(verify_ledger, "node_hash", bare)
    leaves = [bare(b"entry %d" % i) for i in range(4)]
    left, right = bare(*leaves[:2]), bare(*leaves[2:])
    forged = bare(leaves[0] + leaves[1])
    assert included(forged, 0, 2, [right], bare(left, right))


def test_signatures_of_rfc_8032():
    key = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verify_ledger.verify_signature(key, b"\x72", signature)
    assert not verify_ledger.verify_signature(key, b"\x73", signature)
    assert not any(verify_ledger.verify_signature(key, b"\x72", bad) for bad in flips(signature, random.Random(0), 40))
    assert not any(verify_ledger.verify_signature(bad, b"\x72", signature) for bad in flips(key, random.Random(0), 20))
    beyond = int.from_bytes(signature[32:], "little") + verify_ledger.ORDER
    assert not verify_ledger.verify_signature(key, b"\x72", signature[:32] + beyond.to_bytes(32, "little"))
