"""The product's own check of its ledger: one pass, everything recomputed. `tools/verify_ledger.py` is the other one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from closeknit.rooms.decisions.compute import merkle
from closeknit.rooms.decisions.compute.checkpoints import digest_of, is_signed
from closeknit.rooms.decisions.contracts import Checkpoint, Finding

LONGEST_TRANSACTION = timedelta(hours=1)
CLOCK_SLACK = timedelta(minutes=5)
ERASURE = "ledger.erased"


@dataclass(frozen=True, slots=True)
class StoredLine:
    """An entry as the database holds it: its place and leaf in the tree, its content, what its columns show.

    `content` is None where the row is gone. `nodes` are the stored inner nodes that the leaf completes, lowest first.
    `texts` has each encrypted part's (plaintext, opening), or None where it cannot be opened.
    """

    number: int
    entry_id: int
    leaf: bytes
    nodes: tuple[bytes, ...]
    content: bytes | None
    shown: Mapping[str, Any]
    recorded_at: datetime | None
    texts: Mapping[str, Sequence[str] | None] = field(default_factory=dict)


class Audit:
    """Takes checkpoints at the start, then every line in order; `findings` is complete after `finish`."""

    def __init__(self, inside: Sequence[Checkpoint], outside: Sequence[Checkpoint], keys: frozenset[str]) -> None:
        self.inside, self.outside, self.keys = inside, outside, keys
        self.findings: list[Finding] = []
        self._closed: dict[str, tuple[int, int]] = {}
        self._erased: set[str] = set()
        self._tree = merkle.Tree()
        self._roots = {0: merkle.EMPTY_ROOT}
        self._wanted = {c.statement.size for c in (*inside, *outside)}
        self._sound: set[int] = set()
        self._seal = 0
        for position in range(len(inside)):
            self._check_chain(position)

    def take(self, line: StoredLine) -> None:
        """Check one sealed line."""
        number = self._tree.size
        if line.number != number:
            self._add(number, number, f"missing: entry {line.number} comes next")
        if line.content is None:
            self._add(number, number, "its row is gone, only its leaf is left", line.entry_id)
        else:
            for problem in self._problems(line, merkle.hash_leaf(line.content), number):
                self._add(number, number, problem, line.entry_id)
        completed = [node for *_, node in self._tree.append(line.leaf)]
        if completed != list(line.nodes):
            low = next((i for i, (a, b) in enumerate(zip(completed, line.nodes, strict=False)) if a != b), 0)
            self._add(number + 1 - 2 ** (low + 1), number, "the tree's stored nodes do not fit them")
            if len(completed) == len(line.nodes):
                # Going on with what is stored: a root that fits then pins the damage to these entries.
                self._tree.edge[-1] = line.nodes[-1]
        if self._tree.size in self._wanted:
            self._roots[self._tree.size] = self._tree.root()

    def take_erasures(self, kind: str, texts: Mapping[str, Sequence[str] | None]) -> None:
        """Learn from a line whose kind says so which keys were destroyed on purpose."""
        text = texts.get("text")
        if kind == ERASURE and text:
            self._erased.update(json.loads(text[0])["evidence"]["keys"])

    def take_overdue(self, entry_id: int) -> None:
        """Report an entry that was written behind what is sealed."""
        self._add(self._tree.size, self._tree.size, "written behind what is sealed, so never sealed", entry_id)

    def finish(self) -> tuple[Finding, ...]:
        """Compare all roots; return every finding, the first bad entry first."""
        sealed = self.inside[-1].statement.size if self.inside else 0
        if self._tree.size > sealed:
            self._add(sealed, self._tree.size - 1, "no checkpoint seals them")
        self._compare(self.inside, self._sound, "the checkpoint")
        trusted = {i for i, c in enumerate(self.outside) if is_signed(c, self.keys)}
        self._compare(self.outside, trusted, "the checkpoint kept outside")
        for key, (number, entry_id) in self._closed.items():
            if key not in self._erased:
                self._add(number, number, "its text cannot be opened, and no erasure of its key is recorded", entry_id)
        return tuple(sorted(self.findings, key=lambda f: (f.first, f.last, f.what)))

    def _add(
        self, first: int, last: int, what: str, entry_id: int | None = None, broken_epoch: int | None = None
    ) -> None:
        self.findings.append(Finding(first, max(first, last), what, entry_id, broken_epoch))

    def _check_chain(self, position: int) -> None:
        new = self.inside[position]
        said, cut = new.statement, new.statement.broken_off
        before = self.inside[position - 1] if position else None
        size, epoch = (before.statement.size, before.statement.epoch) if before else (0, said.epoch)
        tie = digest_of(before) if before else ""
        if cut is None:
            follows = said.previous == tie and said.epoch == epoch and said.size >= size
        else:
            follows = cut.kept == tie and (before is None or said.epoch > epoch)
        keys = self.keys if before is None or cut else frozenset({before.statement.next_key or before.public_key})
        if follows and is_signed(new, keys & self.keys):
            self._sound.add(position)
        else:
            what = "does not follow the one before it" if not follows else "is not signed by the ledger's key"
            self._add(min(size, said.size), said.size - 1, f"the checkpoint at {said.size} entries {what}")

    def _problems(self, line: StoredLine, leaf: bytes, number: int) -> Iterator[str]:
        assert line.content is not None
        if leaf != line.leaf:
            yield "its content is not what was sealed"
        try:
            said = json.loads(line.content)
        except ValueError:
            said = {}
        told = {**said, **{f"{part}_key": said[part]["key"] for part in line.texts if part in said}}
        yield from (f"its row shows another {k} than was sealed" for k, v in line.shown.items() if told.get(k, v) != v)
        for part, text in line.texts.items():
            if text is None:
                self._closed.setdefault(told[f"{part}_key"], (number, line.entry_id))
        self.take_erasures(said.get("kind", ""), line.texts)
        while self._seal < len(self.inside) and self.inside[self._seal].statement.size <= number:
            self._seal += 1
        if line.recorded_at is None:
            return
        if self._seal and line.recorded_at < self.inside[self._seal - 1].statement.sealed_at - LONGEST_TRANSACTION:
            yield "back-dated: the ledger was sealed without it long after"
        if self._seal < len(self.inside):
            sealed_at = self.inside[self._seal].statement.sealed_at
            if line.recorded_at > sealed_at + CLOCK_SLACK:
                yield "post-dated: it was sealed before its own time"

    def _compare(self, checkpoints: Sequence[Checkpoint], sound: set[int], name: str) -> None:
        good = 0
        order = sorted(range(len(checkpoints)), key=lambda i: (checkpoints[i].statement.size, i))
        for position in order:
            said = checkpoints[position].statement
            if position not in sound and checkpoints is self.outside:
                self._add(0, said.size - 1, f"{name} at {said.size} entries is not signed by the ledger's key")
            elif self._roots.get(said.size, b"").hex() == said.root:
                good = max(good, said.size) if position in sound else good
            else:
                self._blame(checkpoints[position], good, name)

    def _blame(self, checkpoint: Checkpoint, good: int, name: str) -> None:
        said = checkpoint.statement
        first, what, broken = good, f"{name} at {said.size} entries has another root", None
        if said.size > self._tree.size:
            what = f"the history is shorter than {name} at {said.size} entries"
        for position in sorted(self._sound):
            later = self.inside[position].statement
            cut = later.broken_off
            if cut and later.epoch > said.epoch and said.size > cut.kept_size:
                broken = later.epoch
                first, what = cut.kept_size, f"broken off when epoch {later.epoch} began ({cut.reason})"
                break
        self._add(min(first, said.size - 1), said.size - 1, what, broken_epoch=broken)
