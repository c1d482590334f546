"""Sources of rows: Parquet and CSV files, folders of them, and the lines of a request.

Each can be read again from any row.
"""

import csv
import gzip
import hashlib
import io
import json
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.sensing.contracts import BadRow, RawRow, SourceFile
from closeknit.rooms.sensing.mapping.recipe import Recipe, Stream

CHUNK_BYTES = 1 << 20
MOST_FIELD_CHARACTERS = 1_000_000
Chunk = list[tuple[int, RawRow]]


@dataclass(frozen=True, slots=True)
class Files:
    """A file or folder opened by a recipe: only what its streams take, in the order of the streams."""

    name: str
    sha256: str
    files: Sequence[SourceFile]
    left_out: tuple[str, ...] = ()


def open_path(path: Path, recipe: Recipe) -> Files:
    """Open a file, or those files of a folder that the recipe's streams take.

    Raises:
        NotFound: when there is no such path.
        Invalid: when no file matches, or one is damaged or in the wrong encoding (with the line).
    """
    if not path.exists():
        raise NotFound("There is no such file or folder.", where=str(path), todo="Check the path.")
    candidates = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    taken = [(p, stream) for p in candidates if (stream := recipe.stream_of(p.name))]
    if not taken:
        patterns = ", ".join(pattern for stream in recipe.streams for pattern in stream.patterns)
        raise Invalid(
            f"The recipe {recipe.name} takes no file here.",
            where=str(path),
            todo=f"It takes files named {patterns}.",
        )
    order = {stream.name: number for number, stream in enumerate(recipe.streams)}
    taken.sort(key=lambda pair: (order[pair[1].name], pair[0].name))
    files = [_open(p, stream) for p, stream in taken]
    names = {p.name for p, _ in taken}
    left_out = tuple(p.name for p in candidates if p.name not in names)
    return Files(path.resolve().name, _digest_of(files), files, left_out)


def of_lines(lines: Iterable[bytes], stream: Stream, columns: Sequence[str]) -> Files:
    """Open the lines of a request (one strict JSON object each) as a source for one stream."""
    file = JsonLines([line for line in lines if line.strip()], stream, tuple(columns))
    return Files(f"request {file.sha256[:12]}", _digest_of([file]), [file])


def _digest_of(files: Sequence[SourceFile]) -> str:
    text = "".join(f"{file.name}\x1f{file.sha256}\n" for file in files)
    return hashlib.sha256(text.encode()).hexdigest()


def _open(path: Path, stream: Stream) -> SourceFile:
    if path.suffix == ".parquet":
        return ParquetFile(path)
    return CsvFile(path, stream.delimiter)


class ParquetFile:
    """A Parquet file, read in batches with page checksums verified."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = path.name
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with self._opened() as parquet:
            self.columns = tuple(parquet.schema_arrow.names)
            self.rows_estimate = int(parquet.metadata.num_rows)
        if len(set(self.columns)) < len(self.columns):
            raise Invalid("Two columns have the same name.", where=self.name)

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
        except (pyarrow.ArrowException, OSError) as failure:
            raise Invalid(
                f"The Parquet file cannot be read: {str(failure).splitlines()[0]}",
                where=self.name,
                kept="What was read before stays; loading again goes on from there.",
                todo="Get an undamaged copy of the file.",
            ) from None


def _first_group(metadata: Any, skip_rows: int) -> tuple[int, int]:
    """Return the row group to start at and how many rows stand before it."""
    position = 0
    for number in range(metadata.num_row_groups):
        rows = metadata.row_group(number).num_rows
        if position + rows > skip_rows:
            return number, position
        position += rows
    return metadata.num_row_groups, position


class CsvFile:
    """A CSV file in UTF-8 (also gzipped), with a header; rows of another length are bad rows, never guessed
    at.
    """

    def __init__(self, path: Path, delimiter: str) -> None:
        self._path = path
        self._delimiter = delimiter
        self.name = path.name
        self.sha256, lines = self._inspect()
        self.rows_estimate = max(lines - 2, 0)
        with self._text() as text:
            header = next(csv.reader(text, delimiter=delimiter, strict=True), None)
        if not header:
            raise Invalid("The file is empty: it has not even a header.", where=self.name)
        self.columns = tuple(name.strip() for name in header)
        if len(set(self.columns)) < len(self.columns) or "" in self.columns:
            raise Invalid("The header names a column twice, or not at all.", where=f"{self.name}, line 1")

    def read(self, skip_rows: int, chunk_rows: int) -> Iterator[Chunk]:
        """Yield chunks of (line where the row starts, values) after skipping rows."""
        with self._text() as text:
            rows = self._rows(text)
            for _ in islice(rows, skip_rows):
                pass
            while chunk := list(islice(rows, chunk_rows)):
                yield chunk

    def _rows(self, text: Iterable[str]) -> Iterator[tuple[int, RawRow]]:
        csv.field_size_limit(MOST_FIELD_CHARACTERS)
        reader = csv.reader(text, delimiter=self._delimiter, strict=True)
        next(reader)
        width = len(self.columns)
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as failure:
                yield line, BadRow("not-csv", f"This is not a CSV row: {failure}.", {"line": line})
                continue
            if len(row) == width:
                yield line, tuple(row)
            elif row:
                raw = {f"column {number}": value for number, value in enumerate(row, start=1)}
                yield (
                    line,
                    BadRow("ragged-row", f"The row has {len(row)} values; the header has {width}.", raw),
                )

    def _inspect(self) -> tuple[str, int]:
        """Return the file's hash and number of lines, once its encoding is known to be sound."""
        digest, lines = hashlib.sha256(), 1
        decoder = getincrementaldecoder("utf-8")("strict")
        with self._path.open("rb") as file:
            while block := file.read(CHUNK_BYTES):
                digest.update(block)
        with self._bytes() as file:
            for block in _blocks(file, self.name):
                try:
                    lines += decoder.decode(block).count("\n")
                except UnicodeDecodeError as failure:
                    lines += block[: failure.start].count(b"\n")
                    raise self._encoding(lines, block[failure.start]) from None
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise self._encoding(lines, 0) from None
        return digest.hexdigest(), lines

    def _encoding(self, line: int, byte: int) -> Invalid:
        return Invalid(
            f"The file is not UTF-8: byte 0x{byte:02x} means nothing there.",
            where=f"{self.name}, line {line}",
            todo="Save it as UTF-8 and load it again.",
        )

    @contextmanager
    def _bytes(self) -> Iterator[BinaryIO]:
        opener: Callable[..., Any] = gzip.open if self._path.suffix == ".gz" else open
        with opener(self._path, "rb") as file:
            yield file

    @contextmanager
    def _text(self) -> Iterator[Iterable[str]]:
        with self._bytes() as file:
            yield io.TextIOWrapper(file, encoding="utf-8-sig", newline="")


def _blocks(file: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while block := file.read(CHUNK_BYTES):
            yield block
    except (OSError, EOFError) as failure:
        raise Invalid(f"The file cannot be unpacked: {failure}", where=name, todo="Get an undamaged copy.") from None


class JsonLines:
    """Rows of a request: one JSON object a line. NaN, keys given twice and unknown columns make a bad row."""

    def __init__(self, lines: Sequence[bytes], stream: Stream, columns: tuple[str, ...]) -> None:
        self._lines = lines
        self.name = f"{stream.name}.ndjson"
        self.stream = stream.name
        self.columns = columns
        self.sha256 = hashlib.sha256(b"\n".join(lines)).hexdigest()
        self.rows_estimate = len(lines)

    def read(self, skip_rows: int, chunk_rows: int) -> Iterator[Chunk]:
        """Yield chunks of (line from 1, values) after skipping rows."""
        for start in range(skip_rows, len(self._lines), chunk_rows):
            part = self._lines[start : start + chunk_rows]
            yield [(start + number, self._row(line)) for number, line in enumerate(part, start=1)]

    def _row(self, line: bytes) -> RawRow:
        try:
            found = json.loads(line, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=str)
        except (ValueError, RecursionError) as failure:
            shown = line[:200].decode("utf-8", "replace")
            return BadRow("not-json", f"This is not strict JSON: {str(failure)[:200]}.", {"line": shown})
        if not isinstance(found, dict):
            return BadRow("not-json", "The line is not a JSON object.", {"line": str(found)[:200]})
        unknown = [key for key in found if key not in self.columns]
        if unknown:
            return BadRow("unknown-column", f"The recipe knows no column {unknown[0]!r}.", {str(unknown[0]): ""})
        nested = [key for key, value in found.items() if isinstance(value, dict | list)]
        if nested:
            return BadRow("not-a-value", f"{nested[0]} is not a single value.", {nested[0]: ""})
        return tuple(found.get(column) for column in self.columns)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
