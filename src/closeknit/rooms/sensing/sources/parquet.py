"""Parquet files, read in batches with page checksums verified."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.contracts import RawRow
from closeknit.rooms.sensing.sources.unpacking import refuse_bomb

Chunk = list[tuple[int, RawRow]]
MOST_VALUE_BYTES = 1_000_000
"""Of one text, as in CSV: a dictionary lets one long text stand in every row for next to nothing."""
MOST_ROWS_PER_BYTE = 100
"""Rows that can be told apart take a hundredth of a byte at the very least; a run of equal ones takes none."""
FREE_ROWS = 10_000_000


class ParquetFile:
    """A Parquet file of plain columns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = path.name
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self._texts: tuple[str, ...] = ()
        with self._opened() as parquet:
            schema = parquet.schema_arrow
            self.columns = tuple(schema.names)
            self.rows_estimate = int(parquet.metadata.num_rows)
            self._refuse_bombs(parquet.metadata)
            self._texts = tuple(field.name for field in schema if _is_text(field.type))
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
                    rows = zip(*(self._values(column) for column in kept.columns), strict=True)
                    yield list(enumerate(rows, start=position + skipped + 1))
                position += batch.num_rows

    def _refuse_bombs(self, metadata: Any) -> None:
        """Refuse by what the file says of itself what no honest one of its size holds."""
        size = self._path.stat().st_size
        groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
        refuse_bomb(sum(group.total_byte_size for group in groups), size, self.name)
        if metadata.num_rows > max(FREE_ROWS, MOST_ROWS_PER_BYTE * size):
            raise Invalid(
                f"The file says that it holds {metadata.num_rows:,} rows in {size:,} bytes.",
                where=self.name,
                todo="Rows that can be told apart take more. Write the file anew without repeated rows.",
            )

    def _values(self, column: Any) -> list[Any]:
        """Return a column's values. Those of a dictionary are made once each, however many rows say them."""
        import pyarrow
        import pyarrow.compute

        if not pyarrow.types.is_dictionary(column.type):
            return list(column.to_pylist())
        used = pyarrow.compute.drop_null(pyarrow.compute.unique(column.indices))
        texts = column.dictionary.take(used)
        is_text = _is_text(column.type.value_type)
        if is_text and (pyarrow.compute.max(pyarrow.compute.binary_length(texts)).as_py() or 0) > MOST_VALUE_BYTES:
            raise Invalid(
                f"A text is longer than {MOST_VALUE_BYTES:,} bytes.",
                where=self.name,
                todo="Leave the column out, or cut its texts.",
            )
        value_of = dict(zip(used.to_pylist(), texts.to_pylist(), strict=True))
        return [value_of.get(index) for index in column.indices.to_pylist()]

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        import pyarrow
        import pyarrow.parquet

        try:
            with pyarrow.parquet.ParquetFile(
                self._path, page_checksum_verification=True, read_dictionary=list(self._texts)
            ) as parquet:
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


def _is_text(kind: Any) -> bool:
    import pyarrow.types as types

    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind))


def _first_group(metadata: Any, skip_rows: int) -> tuple[int, int]:
    """Return the row group to start at and how many rows stand before it."""
    position = 0
    for number in range(metadata.num_row_groups):
        rows = metadata.row_group(number).num_rows
        if position + rows > skip_rows:
            return number, position
        position += rows
    return metadata.num_row_groups, position
