"""What a batch is read from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from closeknit.rooms.sensing.contracts.feeds import Counts


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a source that could not even be read as a row."""

    code: str
    reason: str
    raw: Mapping[str, Any]


RawRow = tuple[Any, ...] | BadRow


class SourceFile(Protocol):
    """One file of a source: named columns, and rows in a fixed order that can be read again from any row
    on.
    """

    name: str
    sha256: str
    columns: tuple[str, ...]
    rows_estimate: int

    def read(self, skip_rows: int, chunk_rows: int) -> Iterator[list[tuple[int, RawRow]]]:
        """Yield chunks of (line, row) after skipping rows, without holding the file in memory."""
        ...


class RowSource(Protocol):
    """What a batch is read from: a file, a folder of files, or the rows of a request."""

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def files(self) -> Sequence[SourceFile]: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load is: rows read of about how many, and in which file."""

    source_name: str
    counts: Counts
    rows_estimate: int
