"""Ten thousand random tamperings with an export, as whoever can write every table would do: all found, the first named.

The same ways go through SQL, with triggers off, in test_tampering.py; here they go over the exported rows, which both
checks read, so that there can be so many.
"""

import base64
import copy
import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.compute import merkle
from closeknit.rooms.decisions.compute.audit import Audit, StoredLine
from closeknit.rooms.decisions.compute.checkpoints import digest_of, read_checkpoint, sign_statement
from closeknit.rooms.decisions.contracts import Finding, Statement
from closeknit.rooms.decisions.reads.tree import known_keys, signing_key
from closeknit.rooms.decisions.tests.sealing import build, outside
from closeknit.rooms.decisions.tests.verifier import verify_ledger
from closeknit.rooms.org.reads import system_actor

pytestmark = pytest.mark.django_db(transaction=True)
CASES = 100_000 if os.environ.get("CLOSEKNIT_SLOW") == "1" else 10_000
BATCHES = (1, 3, 2, 4, 3)


@dataclass
class Forgery:
    """A ledger's rows in memory, to be tampered with: each method does so once and returns the first bad entry."""

    head: dict[str, Any]
    checkpoints: list[dict[str, Any]]
    entries: list[dict[str, Any]]
    rng: random.Random

    def copy(self) -> "Forgery":
        return Forgery(self.head, list(self.checkpoints), list(self.entries), self.rng)

    def pick(self) -> int:
        return self.rng.randrange(len(self.entries))

    def change(self, at: int, said: dict[str, Any], **row: Any) -> None:
        """Write other content; sometimes also its columns, its leaf, and all nodes above."""
        content = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        entry = copy.copy(self.entries[at]) | {"content": base64.b64encode(content).decode()}
        if self.rng.random() < 0.5:
            entry["row"] = entry["row"] | row
        depth = self.rng.randrange(3)
        if depth:
            entry["leaf"] = merkle.hash_leaf(content).hex()
        self.entries[at] = entry
        if depth == 2:
            self.recompute()

    def said(self, at: int) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(base64.b64decode(self.entries[at]["content"]))
        return said

    def recompute(self) -> None:
        """Make the stored nodes fit the leaves again."""
        tree = merkle.Tree()
        for at, entry in enumerate(self.entries):
            nodes = [node.hex() for *_, node in tree.append(bytes.fromhex(entry["leaf"]))]
            self.entries[at] = entry | {"nodes": nodes}

    def renumbered(self) -> None:
        self.entries = [entry | {"leaf_number": at} for at, entry in enumerate(self.entries)]

    def payload(self) -> int:
        at, kind = self.pick(), f"t{self.rng.randrange(10**9)}"
        self.change(at, self.said(at) | {"kind": kind}, kind=kind)
        return at

    def actor(self) -> int:
        at = self.pick()
        if self.rng.random() < 0.3:
            self.entries[at] = self.entries[at] | {"row": self.entries[at]["row"] | {"actor": "person:7"}}
        else:
            self.change(at, self.said(at) | {"actor": "person:7"}, actor="person:7")
        return at

    def time(self) -> int:
        at = self.pick()
        text = self.said(at)["recorded_at"]
        moved = text[:-7] + f"{(int(text[-7:-1]) + 1 + self.rng.randrange(999_998)) % 1_000_000:06}Z"
        if self.rng.random() < 0.3:
            self.entries[at] = self.entries[at] | {"row": self.entries[at]["row"] | {"recorded_at": moved}}
        else:
            self.change(at, self.said(at) | {"recorded_at": moved}, recorded_at=moved)
        return at

    def delete(self) -> int:
        at = self.pick()
        if self.rng.random() < 0.3:
            self.entries[at] = self.entries[at] | {"content": None, "row": {}, "texts": {}}
            return at
        del self.entries[at]
        if self.rng.random() < 0.6:
            self.renumbered()
            self.recompute()
        return at

    def insert_back_dated(self) -> int:
        at = self.rng.randrange(len(self.entries) - 1)
        self.entries.insert(at, self.entries[at])
        said = self.said(at) | {"kind": "approved"}
        content = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        forged = {"content": base64.b64encode(content).decode(), "leaf": merkle.hash_leaf(content).hex()}
        row = self.entries[at]["row"] | {"kind": "approved"}
        self.entries[at] = self.entries[at] | forged | {"entry_id": 10**6, "row": row}
        self.renumbered()
        if self.rng.random() < 0.6:
            self.recompute()
        return at

    def swap(self) -> int:
        a, b = sorted(self.rng.sample(range(len(self.entries)), 2))
        names = ["content", "row", "texts", "entry_id", "leaf", "nodes"][: self.rng.randrange(1, 7)]
        one, two = self.entries[a], self.entries[b]
        self.entries[a] = one | {name: two[name] for name in names}
        self.entries[b] = two | {name: one[name] for name in names}
        if self.rng.random() < 0.5:
            self.recompute()
        return a

    def truncate_tail(self) -> int:
        at = self.rng.randrange(1, len(self.entries))
        how = self.rng.random()
        if how < 0.3:
            for number in range(at, len(self.entries)):
                self.entries[number] = self.entries[number] | {"content": None, "row": {}, "texts": {}}
            return at
        del self.entries[at:]
        if how < 0.7:
            self.checkpoints = [c for c in self.checkpoints if json.loads(c["body"])["size"] <= at]
        sealed = json.loads(self.checkpoints[-1]["body"])["size"]
        return min(at, sealed)

    def renumber(self) -> int:
        start = self.rng.randrange(len(self.entries) - 1)
        end = self.rng.randrange(start + 2, len(self.entries) + 1)
        ring = self.entries[start:end]
        self.entries[start:end] = ring[1:] + ring[:1]
        if self.rng.random() < 0.7:
            self.renumbered()
            if self.rng.random() < 0.5:
                self.recompute()
        return start

    def edit_checkpoint(self) -> int:
        at = self.rng.randrange(len(self.checkpoints))
        sizes = [json.loads(c["body"])["size"] for c in self.checkpoints]
        how = self.rng.randrange(4)
        if how == 0:
            del self.checkpoints[at]
            return sizes[at] if at < len(sizes) - 1 else sizes[-2]
        record = self.checkpoints[at]
        if how == 1:
            bit = self.rng.randrange(512)
            signature = bytearray.fromhex(record["signature"])
            signature[bit // 8] ^= 1 << bit % 8
            self.checkpoints[at] = record | {"signature": signature.hex()}
        else:
            name, value = self.rng.choice([("sealed_at", "2020-01-01T00:00:00.000000Z"), ("root", "00" * 32)])
            body = json.dumps(json.loads(record["body"]) | {name: value}, sort_keys=True, separators=(",", ":"))
            self.checkpoints[at] = record | {"body": body}
        return sizes[at - 1] if at else 0

    def ciphertext(self) -> int:
        at, part = self.pick(), self.rng.choice(["text", "name"])
        said = self.said(at)
        sealed = bytearray(base64.b64decode(said[part]["ciphertext"]))
        sealed[self.rng.randrange(len(sealed))] ^= 1 << self.rng.randrange(8)
        box = said[part] | {"ciphertext": base64.b64encode(sealed).decode()}
        if self.rng.random() < 0.5:
            box["commitment"] = self.rng.randbytes(32).hex()
        self.change(at, said | {part: box})
        return at

    def key_swap(self) -> int:
        """A key that opens nothing any more, without an erasure on record: its texts cannot be shown."""
        part = self.rng.choice(["text", "name"])
        key = self.said(self.pick())[part]["key"]
        touched = [at for at in range(len(self.entries)) if self.said(at)[part]["key"] == key]
        for at in touched:
            self.entries[at] = self.entries[at] | {"texts": self.entries[at]["texts"] | {part: None}}
        return touched[0]

    def rewrite_everything(self) -> int:
        """With the signing key in hand: change one entry and sign all again, as if it had always been so."""
        at = self.pick()
        said = self.said(at) | {"kind": "approved"}
        content = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        forged = {"content": base64.b64encode(content).decode(), "leaf": merkle.hash_leaf(content).hex()}
        self.entries[at] = self.entries[at] | forged | {"row": self.entries[at]["row"] | {"kind": "approved"}}
        self.recompute()
        roots, tree, previous = {}, merkle.Tree(), ""
        for entry in self.entries:
            tree.append(bytes.fromhex(entry["leaf"]))
            roots[tree.size] = tree.root().hex()
        for position, record in enumerate(self.checkpoints):
            was = read_checkpoint(record).statement
            now = Statement(was.epoch, was.size, roots[was.size], previous, was.sealed_at, was.cluster)
            signed = sign_statement(now, KEY[0])
            self.checkpoints[position], previous = signed.as_record(), digest_of(signed)
        return at

    def older_backup(self) -> int:
        self.checkpoints = self.checkpoints[: self.rng.randrange(1, len(self.checkpoints))]
        size: int = json.loads(self.checkpoints[-1]["body"])["size"]
        del self.entries[size:]
        return size


WAYS: dict[str, Callable[[Forgery], int]] = {
    name: way for name, way in vars(Forgery).items()
    if name in {"payload", "actor", "time", "delete", "insert_back_dated", "swap", "truncate_tail", "renumber",
                "edit_checkpoint", "ciphertext", "key_swap", "rewrite_everything", "older_backup"}
}  # fmt: skip
ONLY_BY_CHECKPOINTS_OUTSIDE = ("rewrite_everything", "older_backup")
KEY: list[Any] = []


def by_verifier(forged: Forgery, kept: list[Any]) -> Any:
    """The separate verifier's report. It is handed objects where it would read lines."""
    lines = [forged.head, *({"type": "checkpoint", **c} for c in forged.checkpoints), *forged.entries]
    return verify_ledger.verify_export([*lines, {"type": "end", "size": len(forged.entries)}], kept)


def by_product(forged: Forgery, kept: list[Any], keys: frozenset[str]) -> tuple[Finding, ...]:
    """The findings of the product's own check."""
    audit = Audit([read_checkpoint(c) for c in forged.checkpoints], kept, keys)
    for entry in forged.entries:
        gone = entry["content"] is None
        audit.take(
            StoredLine(
                number=entry["leaf_number"],
                entry_id=entry["entry_id"],
                leaf=bytes.fromhex(entry["leaf"]),
                nodes=tuple(map(bytes.fromhex, entry["nodes"])),
                content=None if gone else base64.b64decode(entry["content"]),
                shown=entry["row"],
                recorded_at=None if gone else datetime.fromisoformat(entry["row"]["recorded_at"]),
                texts=entry["texts"],
            )
        )
    return audit.finish()


@pytest.fixture
def ledger(monkeypatch) -> tuple[Forgery, list[Any], list[Any], frozenset[str]]:
    """A real export, its checkpoints outside as both checks read them, and the keys."""
    seed = int(os.environ.get("CLOSEKNIT_SEED", random.SystemRandom().randrange(2**32)))
    print(f"CLOSEKNIT_SEED={seed}")
    build(BATCHES)
    head, *lines, _ = json.loads(json.dumps(list(reads.list_export_lines(by=system_actor()))))
    checkpoints = [{k: v for k, v in x.items() if k != "type"} for x in lines if x["type"] == "checkpoint"]
    entries = [x for x in lines if x["type"] == "entry"]
    KEY[:] = [signing_key()]
    monkeypatch.setattr(verify_ledger, "READ", lambda line: line if isinstance(line, dict) else json.loads(line))
    records = outside()
    theirs, ours = [verify_ledger.read_checkpoint(r) for r in records], [read_checkpoint(r) for r in records]
    return Forgery(head, checkpoints, entries, random.Random(seed)), theirs, ours, known_keys()


def test_ten_thousand_tamperings_are_all_found_and_the_first_bad_entry_named(ledger):
    whole, theirs, ours, keys = ledger
    assert by_verifier(whole, theirs).ok
    assert by_product(whole, ours, keys) == ()
    for case in range(CASES):
        name = list(WAYS)[case % len(WAYS)]
        forged = whole.copy()
        bad = WAYS[name](forged)
        report, findings = by_verifier(forged, theirs), by_product(forged, ours, keys)
        assert report.findings, f"{name}: the separate verifier missed it at {bad}"
        assert findings, f"{name}: the product's check missed it at {bad}"
        first = report.first_bad
        assert first.first <= bad <= first.last, (name, bad, report.findings)
        assert findings[0].first <= bad <= findings[0].last, (name, bad, findings)


@pytest.mark.parametrize("way", ONLY_BY_CHECKPOINTS_OUTSIDE)
def test_red_twin_without_checkpoints_outside_it_passes(ledger, way):
    whole, _, _, keys = ledger
    for _ in range(50):
        forged = whole.copy()
        WAYS[way](forged)
        assert by_verifier(forged, []).ok
        assert by_product(forged, [], keys) == ()
