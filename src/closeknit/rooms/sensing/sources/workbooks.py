"""An Excel workbook's parts: its sheets, shared texts, formats and date system. Nothing of it is ever computed."""

import posixpath
import re
import xml.parsers.expat as expat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.sources.unpacking import BLOCK_BYTES, refuse_bomb

MOST_PART_BYTES = 1 << 30
MOST_TEXT_CHARACTERS = 200_000_000
_BUILT_IN = {
    **dict.fromkeys((*range(14, 18), *range(27, 37), *range(50, 59)), "date"),
    **dict.fromkeys((18, 19, 20, 21, 45, 47), "clock"),
    22: "moment",
    46: "elapsed",
}
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, the part that holds it, and whether a person who opens the workbook sees it."""

    name: str
    part: str
    is_visible: bool


@dataclass(frozen=True, slots=True)
class Workbook:
    """What cells refer to. `kinds` says by style what a number is (see `kind_of_format`)."""

    sheets: tuple[Sheet, ...]
    texts: tuple[str, ...]
    kinds: tuple[str, ...]
    counts_from_1904: bool


Handler = Callable[[str, dict[str, str]], None]


def read_workbook(path: Path) -> Workbook:
    """Read what the sheets of a workbook refer to."""
    with archive(path) as parts:
        names = set(parts.namelist())
        if "xl/workbook.xml" not in names:
            raise Invalid("The ZIP archive is no Excel workbook.", where=path.name, todo="Save it as .xlsx in Excel.")
        sheets, counts_from_1904 = _sheets(parts, path.name)
        texts = _texts(parts, path.name) if "xl/sharedStrings.xml" in names else ()
        kinds = _kinds(parts, path.name) if "xl/styles.xml" in names else ()
    return Workbook(sheets, texts, kinds, counts_from_1904)


@contextmanager
def archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a workbook's archive, once its parts are of a believable size."""
    try:
        with zipfile.ZipFile(path) as parts:
            for part in parts.infolist():
                refuse_bomb(part.file_size, part.compress_size, f"{path.name}: {part.filename}")
                if part.file_size > MOST_PART_BYTES:
                    raise Invalid(
                        f"A part is larger than {MOST_PART_BYTES >> 30} GB.",
                        where=f"{path.name}: {part.filename}",
                        todo="Save the sheet as CSV.",
                    )
            yield parts
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as failure:
        raise Invalid(
            f"The workbook cannot be unpacked: {failure}",
            where=path.name,
            todo="Get an undamaged copy without a password.",
        ) from None


class Elements:
    """Reads one part's XML as a stream of elements, without their namespaces. A document type is refused."""

    def __init__(self, where: str, start: Handler, end: Callable[[str, str], None]) -> None:
        self._where, self._start, self._end = where, start, end
        self._text: list[str] = []
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._started
        self._parser.EndElementHandler = self._ended
        self._parser.CharacterDataHandler = self._text.append
        self._parser.StartDoctypeDeclHandler = self._no_doctype

    def feed(self, block: bytes) -> None:
        """Take the next bytes; b"" ends the part."""
        try:
            self._parser.Parse(block, not block)
        except (expat.ExpatError, ValueError, LookupError) as failure:
            raise Invalid(f"The workbook's XML is broken: {failure}.", where=self._where) from None

    def read(self, part: IO[bytes]) -> None:
        """Take a whole part."""
        while block := part.read(BLOCK_BYTES):
            self.feed(block)
        self.feed(b"")

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        self._text.clear()
        self._start(name.rpartition("}")[2], attributes)

    def _ended(self, name: str) -> None:
        self._end(name.rpartition("}")[2], "".join(self._text))
        self._text.clear()

    def _no_doctype(self, *_: Any) -> None:
        raise Invalid("The workbook's XML declares a document type, which none needs.", where=self._where)


def unescaped(text: str) -> str:
    """Return a text with Excel's own way of writing characters (_x000D_) undone."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _sheets(parts: zipfile.ZipFile, name: str) -> tuple[tuple[Sheet, ...], bool]:
    found: list[tuple[str, str, bool]] = []
    targets: dict[str, str] = {}
    system: list[bool] = [False]

    def start(element: str, given: dict[str, str]) -> None:
        if element == "sheet":
            key = next((value for attribute, value in given.items() if attribute.endswith("}id")), "")
            found.append((given.get("name", ""), key, given.get("state", "visible") == "visible"))
        elif element == "workbookPr":
            system[0] = given.get("date1904", "0").lower() in ("1", "true", "on")
        elif element == "Relationship":
            targets[given.get("Id", "")] = given.get("Target", "")

    for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        with _part(parts, part, name) as file:
            Elements(f"{name}: {part}", start, lambda _element, _text: None).read(file)
    sheets = tuple(
        Sheet(title, posixpath.normpath(posixpath.join("/xl", targets.get(key, ""))).lstrip("/"), is_visible)
        for title, key, is_visible in found
    )
    return tuple(sheet for sheet in sheets if "worksheets/" in sheet.part), system[0]


@contextmanager
def _part(parts: zipfile.ZipFile, part: str, name: str) -> Iterator[IO[bytes]]:
    try:
        with parts.open(part) as file:
            yield file
    except KeyError:
        raise Invalid(f"The workbook has no {part}.", where=name, todo="Save it as .xlsx in Excel.") from None


def _texts(parts: zipfile.ZipFile, name: str) -> tuple[str, ...]:
    texts: list[str] = []
    runs: list[str] = []
    sizes = [0, 0]  # characters so far, and how deep in a reading aid, which is no part of the text

    def start(element: str, _given: dict[str, str]) -> None:
        if element == "si":
            runs.clear()
        elif element == "rPh":
            sizes[1] += 1

    def end(element: str, text: str) -> None:
        if element == "rPh":
            sizes[1] -= 1
        elif element == "t" and not sizes[1]:
            runs.append(text)
        elif element == "si":
            texts.append(unescaped("".join(runs)))
            sizes[0] += len(texts[-1])
            if sizes[0] > MOST_TEXT_CHARACTERS:
                raise Invalid("The workbook holds too much text.", where=name, todo="Save the sheet as CSV.")

    with _part(parts, "xl/sharedStrings.xml", name) as file:
        Elements(f"{name}: sharedStrings", start, end).read(file)
    return tuple(texts)


def _kinds(parts: zipfile.ZipFile, name: str) -> tuple[str, ...]:
    own: dict[int, str] = {}
    kinds: list[str] = []
    in_cells = [False]

    def start(element: str, given: dict[str, str]) -> None:
        if element == "numFmt":
            own[int(given.get("numFmtId", "0"))] = kind_of_format(given.get("formatCode", ""))
        elif element == "cellXfs":
            in_cells[0] = True
        elif element == "xf" and in_cells[0]:
            number = int(given.get("numFmtId", "0"))
            kinds.append(own.get(number, _BUILT_IN.get(number, "")))

    def end(element: str, _text: str) -> None:
        if element == "cellXfs":
            in_cells[0] = False

    with _part(parts, "xl/styles.xml", name) as file:
        Elements(f"{name}: styles", start, end).read(file)
    return tuple(kinds)


def kind_of_format(code: str) -> str:
    """Return what a number shown by this format is: a "date", a "moment" (date and time), a time by the "clock", a
    span of time ("elapsed"), or "" for a plain number.
    """
    bare = _LITERAL.sub("", code.split(";")[0]).lower().replace("general", "").replace("am/pm", "")
    if re.search(r"\[(h+|m+|s+)\]", bare):
        return "elapsed"
    if re.search(r"[hs]", bare):
        return "moment" if re.search(r"[dy]", bare) else "clock"
    return "date" if re.search(r"[dmy]", bare) else ""
