"""One file's chunks of rows, mapped by one stream: work by columns, facts by rows, and what is refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from closeknit.rooms.sensing.contracts import BadRow, RawRow
from closeknit.rooms.sensing.mapping.columns import Raw, WorkChunk, WorkColumns
from closeknit.rooms.sensing.mapping.expressions import Known
from closeknit.rooms.sensing.mapping.recipe import Stream
from closeknit.rooms.sensing.mapping.refusal import Refused
from closeknit.rooms.sensing.mapping.rows import MappedFact, RowMapper
from closeknit.rooms.sensing.mapping.superseding import Superseding

Chunk = list[tuple[int, RawRow]]


@dataclass(slots=True)
class MappedChunk:
    """How many rows were read, and what they became. A superseded row is an earlier state of another one."""

    read: int
    work: WorkChunk = field(default_factory=WorkChunk)
    facts: list[tuple[int, RawRow, MappedFact]] = field(default_factory=list)
    refused: list[tuple[int, RawRow, Refused]] = field(default_factory=list)
    superseded: int = 0


class ChunkMapper:
    """Maps the chunks of one file. `everything` gives all of its rows, for streams that take the latest of each."""

    def __init__(
        self,
        stream: Stream,
        columns: Sequence[str],
        known: Known,
        loaded_at: datetime,
        everything: Iterable[Chunk] = (),
    ) -> None:
        self._rows = RowMapper(stream, columns, known, loaded_at)
        self._columns = WorkColumns(stream, columns, known, self._rows) if stream.into is None else None
        self._superseding = Superseding(stream, self._rows, everything) if stream.one_per else None

    def map(self, chunk: Chunk) -> MappedChunk:
        """Map a chunk: every row of it is mapped, superseded or refused."""
        mapped = MappedChunk(len(chunk))
        rows = self._readable(chunk, mapped)
        if self._columns is None:
            self._map_facts(rows, mapped)
        else:
            mapped.work, doubtful = self._columns.map(rows)
            self._map_alone(doubtful, mapped)
        mapped.refused.sort(key=lambda refused: refused[0])
        return mapped

    def _readable(self, chunk: Chunk, mapped: MappedChunk) -> list[tuple[int, Raw]]:
        if self._superseding is None and BadRow not in {type(raw) for _, raw in chunk}:
            return cast("list[tuple[int, Raw]]", chunk)
        rows: list[tuple[int, Raw]] = []
        for line, raw in chunk:
            if isinstance(raw, BadRow):
                mapped.refused.append((line, raw, Refused(raw.code, raw.reason)))
            elif self._superseding is None:
                rows.append((line, raw))
            else:
                try:
                    if self._superseding.replaces(line, raw):
                        mapped.superseded += 1
                    else:
                        rows.append((line, raw))
                except Refused as refusal:
                    mapped.refused.append((line, raw, refusal))
        return rows

    def _map_facts(self, rows: Iterable[tuple[int, Raw]], mapped: MappedChunk) -> None:
        for line, raw in rows:
            try:
                mapped.facts.append((line, raw, self._rows.map_fact(raw)))
            except Refused as refusal:
                mapped.refused.append((line, raw, refusal))

    def _map_alone(self, rows: Iterable[tuple[int, Raw]], mapped: MappedChunk) -> None:
        for line, raw in rows:
            try:
                mapped.work.add(line, raw, self._rows.map_work(raw))
            except Refused as refusal:
                mapped.refused.append((line, raw, refusal))
