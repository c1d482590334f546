#!/usr/bin/env python3
"""Check Closeknit's ledger without Closeknit: receipts, whole exports, and consistency of two checkpoints.

Python's standard library only; no database, no network, no code of the product. The tree is that of RFC 6962
(SHA-256, leaf prefix 0x00, node prefix 0x01); checkpoints are signed with Ed25519 (RFC 8032). What a line says is
encrypted; where its text is given, SHA-256(opening || text) must be what the line commits to.

    python verify_ledger.py receipt FILE [--public-key HEX]
    python verify_ledger.py export FILE [--checkpoint FILE ...] [--public-key HEX] [--accept-break EPOCH ...]
    python verify_ledger.py consistency OLDER NEWER [--public-key HEX]

The key to name is the ledger's first one: later ones are named by checkpoints that the one before has signed.

Exit status: 0 proven, 1 refuted (the first bad entry is named), 2 the file cannot be read.
"""

import argparse
import base64
import hashlib
import json
import sys
from binascii import a2b_base64
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

EXPORT_SCHEMAS = ("closeknit.ledger-export/2", "closeknit.ledger-export/1")
RECEIPT_SCHEMAS = ("closeknit.receipt/2", "closeknit.receipt/1")
CHECKPOINT_SCHEMA, PROOF_SCHEMAS = "closeknit.checkpoint/1", ("closeknit.consistency/1",)
ERASURE = "ledger.erased"
READ = json.JSONDecoder().decode
LONGEST_TRANSACTION, CLOCK_SLACK = timedelta(hours=1), timedelta(minutes=5)


class Unreadable(Exception):
    """The file is not what it should be; nothing was proven or refuted."""


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 || content)."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf_hash: bytes, index: int, tree_size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the proof shows the leaf at `index` (from 0) in the tree of `tree_size` leaves with this root."""
    if not (_is_size(index) and _is_size(tree_size) and _are_hashes([leaf_hash, root]) and _are_hashes(proof)):
        return False
    if index >= tree_size:
        return False
    at, last, running = index, tree_size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            return False  # the proof is too long
        if at & 1 or at == last:
            running = node_hash(sibling, running)
            while not at & 1 and at:  # skip the levels where the right edge has no sibling
                at, last = at >> 1, last >> 1
        else:
            running = node_hash(running, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and running == root


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the proof shows that the older tree is a prefix of the newer one.

    Equal sizes need equal roots and an empty proof. From an empty tree to a larger one nothing can be proven:
    refused, whatever the proof.
    """
    if not (_is_size(old_size) and _is_size(new_size) and _are_hashes(proof)):
        return False
    if old_size == new_size:
        return not proof and isinstance(old_root, bytes) and old_root == new_root
    if old_size == 0 or old_size > new_size or not proof or not _are_hashes([old_root, new_root]):
        return False
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old_running = new_running = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False  # the proof is too long
        if at & 1 or at == last:
            old_running, new_running = node_hash(sibling, old_running), node_hash(sibling, new_running)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new_running = node_hash(new_running, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and old_running == old_root and new_running == new_root


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_hashes(values: object) -> bool:
    listing = isinstance(values, Sequence) and not isinstance(values, bytes | bytearray | str)
    return listing and all(isinstance(v, bytes) and len(v) == 32 for v in values)  # type: ignore[attr-defined]


@dataclass
class GrowingTree:
    """A tree that only remembers its perfect subtrees along the right edge, largest first: (level, hash)."""

    size: int = 0
    edge: list[tuple[int, bytes]] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[bytes]:
        """Add one leaf; return the inner nodes that it completes, lowest first."""
        self.size += 1
        level, running, completed = 0, leaf, []
        while self.edge and self.edge[-1][0] == level:
            running = node_hash(self.edge.pop()[1], running)
            level += 1
            completed.append(running)
        self.edge.append((level, running))
        return completed

    def root(self) -> bytes:
        """Return the root hash; SHA-256 of nothing for the empty tree."""
        running = self.edge[-1][1] if self.edge else hashlib.sha256(b"").digest()
        for _, left in self.edge[-2::-1]:
            running = node_hash(left, running)
        return running


# Ed25519 (RFC 8032, section 5.1.7), points in extended coordinates.
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


def _add(a: Point, b: Point) -> Point:
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return (f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P


@lru_cache(maxsize=64)
def _multiples(point: Point) -> list[list[Point]]:
    """Return 0 to 15 times the point, times 16**0 to 16**63: a product is then 64 additions."""
    rows = [[NEUTRAL, point]]
    for _ in range(64):
        while len(rows[-1]) < 16:
            rows[-1].append(_add(rows[-1][-1], rows[-1][1]))
        rows.append([NEUTRAL, _add(rows[-1][-1], rows[-1][1])])
    return rows[:64]


def _multiply(factor: int, point: Point) -> Point:
    total = NEUTRAL
    for place, row in enumerate(_multiples(point)):
        total = _add(total, row[factor >> 4 * place & 15])
    return total


def _decompress(data: bytes) -> Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or x * x % P != square or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = _decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or NEUTRAL


@lru_cache(maxsize=65536)
def verify_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the Ed25519 signature of the message is that of the key's owner."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, scalar = _decompress(public_key), int.from_bytes(signature[32:], "little")
    if key is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % ORDER
    minus_key = (P - key[0], key[1], 1, P - key[3])
    x, y, z, _ = _add(_multiply(scalar, BASE), _multiply(challenge, minus_key))
    inverse = pow(z, P - 2, P)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little") == signature[:32]


@dataclass(frozen=True)
class Checkpoint:
    """A signed statement: at this time the ledger had this many entries and this root."""

    body: bytes
    signature: bytes
    public_key: bytes
    epoch: int
    size: int
    root: bytes
    previous: str
    sealed_at: datetime
    cut: dict[str, Any] | None
    next_key: bytes
    digest: str

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"checkpoint of epoch {self.epoch} at {self.size} entries, {self.sealed_at:%Y-%m-%d %H:%M:%S} UTC"

    def is_signed(self, trusted: Collection[bytes]) -> bool:
        """Tell whether a trusted key (any key, when none is named) has signed it."""
        known = not trusted or self.public_key in trusted
        return known and verify_signature(self.public_key, self.body, self.signature)


def read_checkpoint(record: Any) -> Checkpoint:
    """Return the checkpoint of its JSON record {"body", "signature", "public_key"}; nothing is verified yet."""
    try:
        said = json.loads(record["body"])
        if said["schema"] != CHECKPOINT_SCHEMA or not _is_size(said["size"]) or not _is_size(said["epoch"]):
            raise ValueError("not a checkpoint")
        return Checkpoint(
            body=record["body"].encode(),
            signature=bytes.fromhex(record["signature"]),
            public_key=bytes.fromhex(record["public_key"]),
            epoch=said["epoch"],
            size=said["size"],
            root=bytes.fromhex(said["root"]),
            previous=said["previous"],
            sealed_at=datetime.fromisoformat(said["sealed_at"].replace("Z", "+00:00")),
            cut=said["break"],
            next_key=bytes.fromhex(said.get("next_key", "")),
            digest=hashlib.sha256(record["body"].encode()).hexdigest(),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as reason:
        raise Unreadable(f"A checkpoint cannot be read: {reason!r}") from reason


def follow_keys(trusted: Iterable[bytes], checkpoints: Iterable[Checkpoint]) -> frozenset[bytes]:
    """Return these keys and those that a checkpoint signed by one of them names as the next; none stays none."""
    keys = set(trusted)
    for checkpoint in checkpoints:
        if keys and checkpoint.next_key and checkpoint.is_signed(keys):
            keys.add(checkpoint.next_key)
    return frozenset(keys)


@dataclass(frozen=True, order=True)
class Finding:
    """Something that refutes the ledger: the first entry that may be bad, the last, and why (entries from 0)."""

    first: int
    last: int
    what: str
    entry_id: int | None = field(default=None, compare=False)
    broken_epoch: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        known = f" (line {self.entry_id})" if self.entry_id is not None else ""
        place = f"entry {self.first}{known}" if self.first == self.last else f"entries {self.first} to {self.last}"
        return f"{place}: {self.what}"


@dataclass
class Report:
    """What was checked and what was found."""

    outside: int
    entries: int = 0
    checkpoints: int = 0
    waiting: int = 0
    findings: list[Finding] = field(default_factory=list)
    accepted: list[Finding] = field(default_factory=list)
    public_keys: frozenset[bytes] = frozenset()

    @property
    def ok(self) -> bool:
        """Whether nothing refutes the ledger."""
        return not self.findings

    @property
    def first_bad(self) -> Finding | None:
        """The finding that begins earliest; among equals the narrowest."""
        return min(self.findings, default=None, key=lambda f: (f.first, f.last))


def text_is(box: Any, plaintext: str, opening: str) -> bool:
    """Tell whether an encrypted part of a line commits to this text."""
    found = hashlib.sha256(bytes.fromhex(opening) + plaintext.encode()).hexdigest()
    return isinstance(box, dict) and found == box.get("commitment")


def verify_receipt(receipt: Any, trusted: frozenset[bytes] = frozenset()) -> tuple[bool, str]:
    """Check one receipt; return the verdict and a sentence that says what it proves or why it does not."""
    _expect(receipt, RECEIPT_SCHEMAS)
    checkpoint = read_checkpoint(receipt.get("checkpoint"))
    try:
        content = base64.b64decode(receipt["content"], validate=True)
        index, proof = receipt["leaf_number"], [bytes.fromhex(h) for h in receipt["inclusion_proof"]]
        claimed = bytes.fromhex(receipt["public_key"])
        keys = follow_keys(trusted, map(read_checkpoint, receipt.get("named_by", [])))
        shown = [(part, *text) for part, text in receipt.get("texts", {}).items() if text]
    except (KeyError, TypeError, ValueError) as reason:
        raise Unreadable(f"The receipt cannot be read: {reason!r}") from reason
    if checkpoint.public_key != claimed or not checkpoint.is_signed(keys):
        return False, "The checkpoint is not signed by the key that was expected."
    if not verify_inclusion(leaf_hash(content), index, checkpoint.size, proof, checkpoint.root):
        return False, f"Entry {index} is not in the ledger that the checkpoint describes."
    for part, plaintext, opening in shown:
        if not text_is(json.loads(content).get(part), plaintext, opening):
            return False, f"Entry {index} commits to another {part} than the receipt shows."
    return True, f"Entry {index} is in the ledger: {checkpoint.name}."


def verify_export(
    lines: Iterable[str],
    outside: Sequence[Checkpoint] = (),
    trusted: frozenset[bytes] = frozenset(),
    accepted_breaks: frozenset[int] = frozenset(),
) -> Report:
    """Check a whole export against itself and against checkpoints that were kept outside the database."""
    records = _records(lines)
    head = _expect(next(records, None), EXPORT_SCHEMAS)
    check = _ExportCheck(trusted or {bytes.fromhex(key) for key in head["public_keys"][:1]}, outside)
    if not any(check.take(record) for record in records):
        raise Unreadable("The export is cut off: its last line is missing.")
    if next(records, None) is not None:
        raise Unreadable("The export goes on after its end.")
    return check.finish(accepted_breaks)


class _ExportCheck:
    """One pass over an export: checkpoints first, then entries in leaf order, then entries that wait."""

    def __init__(self, trusted: Iterable[bytes], outside: Sequence[Checkpoint]) -> None:
        self.outside = sorted(outside, key=lambda c: (c.epoch, c.size, c.sealed_at))
        self.trusted = follow_keys(trusted, self.outside)
        self.report = Report(outside=len(outside))
        self.inside: list[Checkpoint] = []
        self.bad_inside: set[int] = set()
        self.wanted, self.tree = {c.size for c in outside}, GrowingTree()
        self.roots = {0: self.tree.root()}
        self.next_checkpoint, self.ends, self.earliest, self.latest = 0, 0, "", "~"  # which seals the entry at hand
        self.closed: dict[str, Finding] = {}
        self.erased: set[str] = set()
        self.started = False

    def take(self, record: dict[str, Any]) -> bool:
        """Check one line; return whether it is the last one."""
        kind = record.get("type")
        self.started = self.started or kind != "checkpoint"
        if kind == "entry":
            self._take_entry(record)
        elif kind == "waiting":
            self._take_waiting(record)
        elif kind == "checkpoint" and not self.started:
            self._take_checkpoint(read_checkpoint(record))
        elif kind != "end":
            raise Unreadable(f"An export has no line of type {kind!r} here.")
        return bool(kind == "end")

    def _add(self, first: int, last: int, what: str, *more: int | None) -> None:
        self.report.findings.append(Finding(first, max(first, last), what, *more))

    def _take_checkpoint(self, new: Checkpoint) -> None:
        before = self.inside[-1] if self.inside else None
        start, tie = (before.size, before.digest) if before else (0, "")
        due_key = (before.next_key or before.public_key) if before and new.cut is None else new.public_key
        problems = {"is not signed by a trusted key": not new.is_signed(self.trusted)}
        problems["is signed by another key than the one before it named"] = new.public_key != due_key
        if new.cut is None:
            problems["does not follow the one before it"] = new.previous != tie
            problems["begins an epoch without a break"] = bool(before and new.epoch != before.epoch)
            problems["has fewer entries than the one before it"] = new.size < start
        else:
            unlike = new.cut.get("kept") != tie or bool(before and new.epoch <= before.epoch)
            problems["breaks off something else than what is here"] = unlike
        for problem in (problem for problem, is_so in problems.items() if is_so):
            self._add(min(start, new.size), new.size - 1, f"the {new.name} {problem}")
            self.bad_inside.add(len(self.inside))
        self.trusted = self.trusted if len(self.inside) in self.bad_inside else follow_keys(self.trusted, (new,))
        self.inside.append(new)
        self.wanted.add(new.size)

    def _take_entry(self, record: dict[str, Any]) -> None:
        tree, entry_id = self.tree, record["entry_id"]
        number, stored = tree.size, bytes.fromhex(record["leaf"])
        if record["leaf_number"] != number:
            self._add(number, number, f"missing: the next one in the export is entry {record['leaf_number']}")
        if record["content"] is None:
            self._add(number, number, "its row is gone, only its leaf is left", entry_id)
        else:
            content = a2b_base64(record["content"], strict_mode=True)
            if leaf_hash(content) != stored:
                self._add(number, number, "its content is not what was sealed", entry_id)
            for problem in self._problems(content, record, number):
                self._add(number, number, problem, entry_id)
        completed, told = tree.append(stored), [bytes.fromhex(node) for node in record["nodes"]]
        if completed != told:
            self._go_on_with(completed, told)
        if tree.size in self.wanted:
            self.roots[tree.size] = tree.root()

    def _go_on_with(self, completed: list[bytes], told: list[bytes]) -> None:
        """Where stored nodes differ, go on with them: a root that fits then pins the damage."""
        number = self.tree.size - 1
        low = next((i for i, (a, b) in enumerate(zip(completed, told, strict=False)) if a != b), 0)
        self._add(number + 1 - 2 ** (low + 1), number, "their hashes do not make the tree's stored nodes")
        if len(told) == len(completed):
            self.tree.edge[-1] = (len(told), told[-1])

    def _problems(self, content: bytes, record: dict[str, Any], number: int) -> Iterator[str]:
        row, texts = record["row"], record.get("texts", {})
        try:
            said = READ(content.decode())
            told = said | {f"{part}_key": said[part]["key"] for part in ("text", "name") if part in said}
        except (KeyError, TypeError, ValueError):
            yield "its content cannot be read"
            return
        for name, shown in row.items():
            if told.get(name, shown) != shown:
                yield f"its row shows another {name} than was sealed"
        for part, text in texts.items():
            if text is None:
                what = "its text cannot be opened, and no erasure of its key is recorded"
                self.closed.setdefault(told[f"{part}_key"], Finding(number, number, what, record["entry_id"]))
            elif not text_is(said[part], *text):
                yield f"it commits to another {part} than is shown"
        if said["kind"] == ERASURE:
            self._note_erasure(said, texts)
        self._find_times(number)
        if row["recorded_at"] < self.earliest:
            yield "back-dated: the ledger was sealed without it long after"
        if row["recorded_at"] > self.latest:
            yield "post-dated: it was sealed before its own time"

    def _note_erasure(self, said: dict[str, Any], texts: dict[str, Any]) -> None:
        if texts.get("text") and text_is(said["text"], *texts["text"]):
            self.erased.update(json.loads(texts["text"][0])["evidence"]["keys"])

    def _find_times(self, number: int) -> None:
        """Find which times an entry may have here. As text they are in the same order: they have one form."""
        at, inside, form = self.next_checkpoint, self.inside, "%Y-%m-%dT%H:%M:%S.%fZ"
        if number < self.ends:
            return
        while at < len(inside) and inside[at].size <= number:
            at += 1
        self.next_checkpoint, self.ends = at, inside[at].size if at < len(inside) else sys.maxsize
        self.earliest = f"{inside[at - 1].sealed_at - LONGEST_TRANSACTION:{form}}" if at else ""
        self.latest = f"{inside[at].sealed_at + CLOCK_SLACK:{form}}" if at < len(inside) else "~"

    def _take_waiting(self, record: dict[str, Any]) -> None:
        self.report.waiting += 1
        if record["row"]["kind"] == ERASURE:
            self._note_erasure(json.loads(base64.b64decode(record["content"])), record.get("texts", {}))
        if record["overdue"]:
            size = self.tree.size
            self._add(size, size, "written behind what is sealed, so it was never sealed", record["entry_id"])

    def finish(self, accepted_breaks: frozenset[int]) -> Report:
        """Compare roots, then return the report."""
        report, size = self.report, self.tree.size
        report.entries, report.checkpoints, report.public_keys = size, len(self.inside), self.trusted
        report.findings += [finding for key, finding in self.closed.items() if key not in self.erased]
        if size > (sealed := self.inside[-1].size if self.inside else 0):
            self._add(sealed, size - 1, "no checkpoint seals them")
        self._compare(self.inside, [position not in self.bad_inside for position in range(len(self.inside))], "")
        in_order = sorted(self.outside, key=lambda c: (c.size, c.epoch))
        self._compare(in_order, [c.is_signed(self.trusted) for c in in_order], "outside ")
        report.accepted = [finding for finding in report.findings if finding.broken_epoch in accepted_breaks]
        report.findings = [finding for finding in report.findings if finding.broken_epoch not in accepted_breaks]
        return report

    def _compare(self, checkpoints: Sequence[Checkpoint], sound: Sequence[bool], where: str) -> None:
        good = 0
        for checkpoint, is_sound in zip(checkpoints, sound, strict=True):
            if where and not is_sound:
                self._add(0, checkpoint.size - 1, f"the {where}{checkpoint.name} is not signed by a trusted key")
            elif self.roots.get(checkpoint.size) != checkpoint.root:
                self._blame(checkpoint, good, where)
            elif is_sound:
                good = max(good, checkpoint.size)

    def _blame(self, checkpoint: Checkpoint, good: int, where: str) -> None:
        last, epoch, what = checkpoint.size - 1, None, f"they do not make the root of the {where}{checkpoint.name}"
        if checkpoint.size > self.tree.size:
            what = f"the history is shorter than the {where}{checkpoint.name}"
        for position, later in enumerate(self.inside):
            cut = later.cut if position not in self.bad_inside and later.epoch > checkpoint.epoch else None
            if cut and checkpoint.size > cut["kept_size"]:
                good, epoch = cut["kept_size"], later.epoch
                what = f"broken off and replaced when epoch {epoch} began ({cut['reason']})"
                break
        self._add(min(good, last), last, what, None, epoch)


def _records(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        try:
            yield READ(line)
        except ValueError as reason:
            raise Unreadable(f"Line {number} is not JSON: {reason}") from reason


def _expect(record: Any, schemas: Sequence[str]) -> dict[str, Any]:
    if not isinstance(record, dict) or record.get("schema") not in schemas:
        raise Unreadable(f"This is not {schemas[0]!r}.")
    return record


def read_outside(path: str) -> list[Checkpoint]:
    """Return the checkpoints of a file with one JSON record a line."""
    lines = Path(path).read_text("utf-8").split("\n")
    return [read_checkpoint(record) for record in _records(filter(str.strip, lines))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one check; return the exit status."""
    parser = argparse.ArgumentParser(description="Check a Closeknit ledger offline.")
    commands = parser.add_subparsers(required=True)
    receipt = commands.add_parser("receipt", help="one entry's receipt")
    export = commands.add_parser("export", help="a whole export, against checkpoints kept elsewhere")
    for command in (receipt, export):
        command.add_argument("file")
    export.add_argument("--checkpoint", action="append", default=[], metavar="FILE", help="checkpoints kept outside")
    export.add_argument("--accept-break", action="append", type=int, default=[], metavar="EPOCH")
    consistency = commands.add_parser("consistency", help="is OLDER a prefix of NEWER?")
    consistency.add_argument("older", metavar="OLDER", help="a checkpoint")
    consistency.add_argument("newer", metavar="NEWER", help="a consistency proof to a later checkpoint")
    for command, run in ((receipt, _run_receipt), (export, _run_export), (consistency, _run_consistency)):
        command.add_argument("--public-key", action="append", default=[], metavar="HEX", help="trust only this key")
        command.set_defaults(run=run)
    args = parser.parse_args(arguments)
    try:
        args.trusted = frozenset(map(bytes.fromhex, args.public_key))
        return int(args.run(args))
    except (Unreadable, OSError, AttributeError, KeyError, TypeError, ValueError) as reason:
        print(f"Cannot be checked: {reason}", file=sys.stderr)
        return 2


def _run_receipt(args: argparse.Namespace) -> int:
    receipt = READ(Path(args.file).read_text("utf-8"))
    good, sentence = verify_receipt(receipt, args.trusted)
    print(("PROVEN. " if good else "REFUTED. ") + sentence)
    if good:
        texts = [f"\n  {part}: {text[0] if text else 'erased'}" for part, text in receipt.get("texts", {}).items()]
        print(base64.b64decode(receipt["content"]).decode("utf-8", "replace") + "".join(texts))
        _say_keys(args.trusted, {bytes.fromhex(receipt["public_key"])})
    return 0 if good else 1


def _run_export(args: argparse.Namespace) -> int:
    outside = [checkpoint for path in args.checkpoint for checkpoint in read_outside(path)]
    with open(args.file, encoding="utf-8") as file:
        report = verify_export(file, outside, args.trusted, frozenset(args.accept_break))
    counts = f"{report.entries} entries, {report.checkpoints} checkpoints, {report.outside} checkpoints from outside"
    said = [f"{'PROVEN' if report.ok else 'REFUTED'}. {counts}; {report.waiting} entries not sealed yet."]
    said += [f"  accepted: {finding}" for finding in report.accepted]
    said += [f"  first bad: {report.first_bad}"] if report.first_bad else []
    print("\n".join(said + [f"  {finding}" for finding in sorted(report.findings)[:20]]))
    if report.ok and not outside:
        print("  No checkpoint from outside was given: a history rewritten by the key's holder would look the same.")
    _say_keys(args.trusted, report.public_keys)
    return 0 if report.ok else 1


def _run_consistency(args: argparse.Namespace) -> int:
    older, newer = (READ(Path(path).read_text("utf-8")) for path in (args.older, args.newer))
    _expect(newer, PROOF_SCHEMAS)
    start, end = read_checkpoint(older.get("checkpoint", older)), read_checkpoint(newer["checkpoint"])
    keys = follow_keys(args.trusted or {start.public_key}, map(read_checkpoint, newer.get("named_by", [])))
    good = start.is_signed(keys) and end.is_signed(keys)
    proof = [bytes.fromhex(h) for h in newer["proof"]]
    good = good and verify_consistency(start.size, start.root, end.size, end.root, proof)
    print(f"{'PROVEN' if good else 'REFUTED'}. The {start.name} is {'' if good else 'not '}a prefix of the {end.name}.")
    _say_keys(args.trusted, {start.public_key, end.public_key})
    return 0 if good else 1


def _say_keys(trusted: Collection[bytes], used: Iterable[bytes]) -> None:
    if not trusted:
        names = ", ".join(sorted(key.hex() for key in used))
        print(f"  Signed by {names}. Compare it with the key you were given on another way, or pass --public-key.")


if __name__ == "__main__":
    sys.exit(main())
