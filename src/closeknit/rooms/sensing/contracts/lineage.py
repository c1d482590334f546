"""Where a number came from."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from closeknit.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class LineageRow:
    """One observed unit of work with the place it came from: the file and line behind a number."""

    feed: str
    batch_id: int
    source_name: str
    line: int
    key: str
    operation: str
    service: str
    region: str
    work_class: str
    account_number: str
    occurred_at: datetime
    quantity: float
    amount: Decimal | None
    currency: str
    is_return: bool
    thread_id: UUID
    file_number: int = 0


class LineageKind(StrEnum):
    """What stands in a chain from rows to decisions."""

    ROW = "row"
    BATCH = "batch"
    FORECAST = "forecast"
    PLAN = "plan"
    VALUES = "values"
    LINE = "ledger-line"


@dataclass(frozen=True, slots=True)
class LineageNode:
    """One thing in the chain: what it is, since when, and the version of recipe, model or code that made it.

    `parents` are the nodes it was made from, as "kind:id".
    """

    kind: LineageKind
    node_id: str
    title: str
    at: datetime
    version: str
    thread_id: UUID | None
    parents: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The node's name in the chain."""
        return f"{self.kind}:{self.node_id}"


@dataclass(frozen=True, slots=True)
class MadeOf:
    """What one thing was made of: nodes of other rooms, or work that was known by then.

    `operation`: whose work, where it is of one; "" with a `known_at` means every operation's.
    `known_at`: what was loaded later did not touch it. `until_at`: nor did work that happened at or after it.
    """

    node: LineageNode
    operation: str = ""
    known_at: datetime | None = None
    until_at: datetime | None = None
    parents: tuple[tuple[LineageKind, UUID], ...] = ()


@dataclass(frozen=True, slots=True)
class Touched:
    """What may have touched later things: an operation's work known from an instant on, or nodes before it."""

    operation: str
    known_at: datetime
    first_at: datetime
    nodes: tuple[LineageNode, ...] = ()


class LineagePart(Protocol):
    """What a higher room declares of one kind of thing, under the name "lineage" in web/wiring.py."""

    def made_of(self, node_id: UUID, *, by: Actor) -> MadeOf:
        """Return what a thing was made of, or raise NotFound."""
        ...

    def used_by(self, touched: Touched, *, by: Actor) -> list[LineageNode]:
        """Return the things that were made of what is given; none for who may not see them."""
        ...


@dataclass(frozen=True, slots=True)
class BatchLineage:
    """A load that a number stands on: its feed, recipe version, and how many rows of the operation it brought."""

    batch_id: int
    feed: str
    source_name: str
    source_sha256: str
    recipe_version: str
    operation: str
    rows: int
    first_at: datetime
    last_at: datetime
    started_at: datetime
    finished_at: datetime | None
    thread_id: UUID


@dataclass(frozen=True, slots=True)
class LineageBack:
    """A number's chain back: the things between, nearest first, the loads behind them, and rows of those."""

    nodes: tuple[LineageNode, ...]
    batches: tuple[BatchLineage, ...]
    rows: tuple[LineageRow, ...]
    operation: str
    """Whose work stands behind it; "" where every operation's does, or none."""
    until_at: datetime | None
    known_at: datetime | None


@dataclass(frozen=True, slots=True)
class LineageForward:
    """A row's chain forward: its load, every thing made of it, and the ledger's lines on their threads."""

    row: LineageRow
    recipe_version: str
    mended_by: str
    nodes: tuple[LineageNode, ...]
    lines: tuple[LineageNode, ...]
