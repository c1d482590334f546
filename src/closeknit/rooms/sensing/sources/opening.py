"""Opening a path or the lines of a request as a source of rows, by what it is and not by what it is called."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.sensing.contracts import SourceFile
from closeknit.rooms.sensing.mapping.recipe import Recipe, Stream
from closeknit.rooms.sensing.mapping.rows import columns_of_stream
from closeknit.rooms.sensing.sources.csv_files import CsvFile
from closeknit.rooms.sensing.sources.excel import ExcelFile
from closeknit.rooms.sensing.sources.json_lines import JsonFile, JsonLines
from closeknit.rooms.sensing.sources.marks import GZIP, JSON, PARQUET, TEXT, ZIP, kind_of
from closeknit.rooms.sensing.sources.parquet import ParquetFile
from closeknit.rooms.sensing.sources.unpacking import head_of

_BY_NAME = {
    ".parquet": PARQUET,
    ".ndjson": JSON,
    ".jsonl": JSON,
    ".csv": TEXT,
    ".tsv": TEXT,
    ".txt": TEXT,
    ".xlsx": ZIP,
    ".xlsm": ZIP,
}
_OBJECT = re.compile(rb"^\s*\{", re.MULTILINE)
_NAMED = {PARQUET: "Parquet", JSON: "lines of JSON", TEXT: "CSV", ZIP: "an Excel workbook"}


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
        Invalid: when no file matches, or one is damaged, no table, not what its name says, or in the wrong encoding
            (with the line).
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
    files = [open_file(p, stream) for p, stream in taken]
    names = {p.name for p, _ in taken}
    left_out = tuple(p.name for p in candidates if p.name not in names)
    return Files(path.resolve().name, _digest_of(files), files, left_out)


def of_lines(lines: Iterable[bytes], stream: Stream, columns: Sequence[str]) -> Files:
    """Open the lines of a request (one strict JSON object each) as a source for one stream."""
    file = JsonLines([line for line in lines if line.strip()], stream, tuple(columns))
    return Files(f"request {file.sha256[:12]}", _digest_of([file]), [file])


def open_file(path: Path, stream: Stream) -> SourceFile:
    """Open one file for a stream; refuse one whose name and content disagree, or that is no table at all."""
    head, is_packed = head_of(path)
    kind = kind_of(head)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    suffix = next((found for found in reversed(suffixes) if found != ".gz"), "")
    named = _BY_NAME.get(suffix, "")
    if kind == GZIP:
        raise Invalid("The file is packed twice.", where=path.name, todo="Unpack it once and load it again.")
    if is_packed and kind not in (TEXT, JSON):
        raise Invalid(f"The file holds {kind}, packed.", where=path.name, todo="Unpack it first.")
    if named == JSON and kind == TEXT and (_OBJECT.search(head) or not head.strip()):
        kind = JSON
    if named and kind != named:
        shown = "text that is not JSON" if kind == TEXT and named == JSON else kind
        raise Invalid(
            f"The file's name says {_NAMED[named]}; its content is {shown}.",
            where=path.name,
            todo="Get the right file, or rename it to what it is.",
        )
    if kind == PARQUET:
        return ParquetFile(path)
    if kind == JSON:
        return JsonFile(path, stream, columns_of_stream(stream))
    if kind == TEXT:
        return CsvFile(path, stream.delimiter, stream.encoding, apostrophes=stream.apostrophes)
    if kind == ZIP:
        return ExcelFile(path, stream.sheet)
    raise Invalid(
        f"The file is {kind}, not a table.", where=path.name, todo="Load CSV, .xlsx, lines of JSON, or Parquet."
    )


def _digest_of(files: Sequence[SourceFile]) -> str:
    text = "".join(f"{file.name}\x1f{file.sha256}\n" for file in files)
    return hashlib.sha256(text.encode()).hexdigest()
