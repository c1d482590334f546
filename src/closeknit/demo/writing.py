"""Writing CSV and Parquet piece by piece, under a temporary name until everything is there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Columns = dict[str, list[str]]
"""Text columns of equal length, in the order of the file."""
Row = tuple[str, ...]

PARQUET_ROWS_PER_GROUP = 100_000


def rows_of(columns: Columns) -> list[Row]:
    """The rows of `columns`."""
    return list(zip(*columns.values(), strict=True))


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if "," in value or '"' in value else value


def _line(row: Row) -> str:
    line = ",".join(row)
    if line.count(",") == len(row) - 1 and '"' not in line:
        return line
    return ",".join(_quoted(value) for value in row)


def partial(path: Path) -> Path:
    """The temporary name of `path` while it is being written."""
    return path.with_name(path.name + ".part")


class CsvSink:
    """A CSV file that grows; rows wait in memory until `flush`."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path = path
        self.header = tuple(header)
        self.rows = 0
        self._waiting = [",".join(header)]
        self._file = partial(path).open("w", encoding="utf-8", newline="\n")

    def append(self, rows: list[Row]) -> int:
        """Take `rows`; returns the line number (the header is line 1) of the first of them."""
        first = self.rows + 2
        self._waiting += [_line(row) for row in rows]
        self.rows += len(rows)
        return first

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            self._file.write("\n".join(self._waiting) + "\n")
            self._waiting = []

    def close(self) -> None:
        """Write what waits and close the file."""
        if not self._file.closed:
            self.flush()
            self._file.close()


class ParquetSink:
    """A Parquet file that grows by row groups of a fixed size, however its rows arrive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._tables: list[Any] = []
        self._waiting_rows = 0
        self._writer: Any = None

    def append(self, columns: Mapping[str, Any]) -> None:
        """Take columns (lists or arrays of equal length)."""
        import pyarrow as pa

        table = pa.table(dict(columns))
        self.rows += table.num_rows
        self._tables.append(table)
        self._waiting_rows += table.num_rows
        if self._waiting_rows >= PARQUET_ROWS_PER_GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what waits as one row group."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self._tables:
            return
        table = pa.concat_tables(self._tables)
        if self._writer is None:
            self._writer = pq.ParquetWriter(str(partial(self.path)), table.schema, compression="zstd")
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self._tables, self._waiting_rows = [], 0

    def close(self) -> None:
        """Write what waits and close the file."""
        self.flush()
        if self._writer is not None:
            self._writer.close()


def settle(paths: Sequence[Path]) -> None:
    """Give the finished files their names."""
    for path in paths:
        os.replace(partial(path), path)


def discard(paths: Sequence[Path]) -> None:
    """Remove what an interrupted generation left."""
    for path in paths:
        partial(path).unlink(missing_ok=True)
