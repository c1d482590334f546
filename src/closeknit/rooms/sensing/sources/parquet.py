"""Parquet files, read in batches with page checksums verified."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.contracts import RawRow

Chunk = list[tuple[int, RawRow]]


class ParquetFile:
    """A Parquet file of plain columns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = path.name
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with self._opened() as parquet:
            schema = parquet.schema_arrow
            self.columns = tuple(schema.names)
            self.rows_estimate = int(parquet.metadata.num_rows)
            nested = [field.name for field in schema if _is_nested(field.type)]
        if len(set(self.columns)) < len(self.columns):
            raise Invalid("Two columns have the same name.", where=self.name)
        if nested:
            raise Invalid(
                f"The column {nested[0]!r} holds lists or records, not single values.",
                where=self.name,
                todo="Write it as plain columns, or as rows of a file of its own.",
            )

    def read(self, skip_rows: int, chunk_rows: int) -> Iterator[Chunk]:
        """Yield chunks of (row number from 1, values) after skipping rows."""
        with self._opened() as parquet:
            first, position = _first_group(parquet.metadata, skip_rows)
            groups = list(range(first, parquet.metadata.num_row_groups))
            for batch in parquet.iter_batches(batch_size=chunk_rows, row_groups=groups):
                skipped = max(0, min(batch.num_rows, skip_rows - position))
                kept = batch.slice(skipped)
                if kept.num_rows:
                    rows = zip(*(column.to_pylist() for column in kept.columns), strict=True)
                    yield list(enumerate(rows, start=position + skipped + 1))
                position += batch.num_rows

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        import pyarrow
        import pyarrow.parquet

        try:
            with pyarrow.parquet.ParquetFile(self._path, page_checksum_verification=True) as parquet:
                yield parquet
        except (pyarrow.ArrowException, OSError, ValueError) as failure:
            raise Invalid(
                f"The Parquet file cannot be read: {(str(failure).splitlines() or ['?'])[0]}",
                where=self.name,
                kept="What was read before stays; loading again goes on from there.",
                todo="Get an undamaged copy of the file.",
            ) from None


def _is_nested(kind: Any) -> bool:
    import pyarrow.types as types

    return bool(types.is_nested(kind) or types.is_union(kind))


def _first_group(metadata: Any, skip_rows: int) -> tuple[int, int]:
    """Return the row group to start at and how many rows stand before it."""
    position = 0
    for number in range(metadata.num_row_groups):
        rows = metadata.row_group(number).num_rows
        if position + rows > skip_rows:
            return number, position
        position += rows
    return metadata.num_row_groups, position
