"""Reports as PDF: headings, sentences and tables set on pages of A4, as many as they need.

Each page is drawn as SVG and turned into PDF by vl-convert, which brings its own fonts; pypdf puts the pages together.
Both are imported only when a report is made. Text stays text: it can be searched and copied. Letters that the fonts do
not have (Chinese, say) come from the fonts of the machine, or show as empty boxes where it has none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 595.0, 842.0
MARGIN, FOOT = 40.0, 36.0
BODY, SMALL, HEAD, TITLE = 9.0, 7.5, 12.0, 18.0
LEADING = 1.35
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
INK, MUTED, RULE = "#1b1f24", "#57606a", "#c8ccd1"
_NARROW, _WIDE = frozenset("iljtfr.,:;'|!()[]{}/\\ -"), frozenset("mwMW%@&")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a part."""

    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A paragraph; `is_small` for what is said beside it."""

    text: str
    is_small: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a header, which comes again on each page. `shares` of the width, together 1; `right`: columns
    of numbers.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[float, ...]
    right: frozenset[int] = frozenset()


Block = Heading | Sentence | Table


def make_pdf(title: str, blocks: Iterable[Block]) -> bytes:
    """Return a report as PDF, its pages numbered."""
    import vl_convert
    from pypdf import PdfWriter

    sheets = _Sheets(title)
    for block in blocks:
        sheets.put(block)
    whole = PdfWriter()
    for page in sheets.drawn():
        whole.append(BytesIO(vl_convert.svg_to_pdf(page)))
    whole.add_metadata({"/Title": title})
    whole.compress_identical_objects()
    out = BytesIO()
    whole.write(out)
    return out.getvalue()


def text_width(text: str, size: float) -> float:
    """Return about how wide a line is, in points: no less than it is for Latin letters."""
    return size * sum(_letter_width(letter) for letter in text)


def _letter_width(letter: str) -> float:
    if letter in _NARROW:
        return 0.34
    if letter in _WIDE:
        return 0.92
    if ord(letter) > 0x24F:
        return 1.0
    return 0.73 if letter.isupper() else 0.57


def wrap(text: str, size: float, width: float) -> list[str]:
    """Return a text as lines no wider than a width; a word that is too long is broken."""
    lines: list[str] = []
    for part in text.splitlines() or [""]:
        line = ""
        for word in part.split():
            while text_width(word, size) > width and len(word) > 1:
                if line:
                    lines.append(line)
                    line = ""
                fits = _fitting(word, size, width)
                lines.append(word[:fits])
                word = word[fits:]
            longer = f"{line} {word}" if line else word
            if line and text_width(longer, size) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


def _fitting(word: str, size: float, width: float) -> int:
    fits = 1
    while fits < len(word) and text_width(word[: fits + 1], size) <= width:
        fits += 1
    return fits


class _Sheets:
    """Pages as they fill, from top to bottom."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.pages: list[list[str]] = []
        self.y = 0.0
        self._turn()
        for line in wrap(title, TITLE, WIDTH - 2 * MARGIN):
            self._line(line, TITLE, weight="bold")
        self.y += 6

    def put(self, block: Block) -> None:
        if isinstance(block, Heading):
            self._room(HEAD * LEADING + 3 * BODY * LEADING)
            self.y += 8
            for line in wrap(block.text, HEAD, WIDTH - 2 * MARGIN):
                self._line(line, HEAD, weight="bold")
            self.y += 2
        elif isinstance(block, Sentence):
            size = SMALL if block.is_small else BODY
            for line in wrap(block.text, size, WIDTH - 2 * MARGIN):
                self._room(size * LEADING)
                self._line(line, size, ink=MUTED if block.is_small else INK)
            self.y += 3
        else:
            self._table(block)

    def drawn(self) -> list[str]:
        """Return the pages as SVG, each with its number."""
        count = len(self.pages)
        foot = HEIGHT - FOOT + 12
        return [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}" height="{HEIGHT:g}"'
            f' viewBox="0 0 {WIDTH:g} {HEIGHT:g}"><rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#ffffff"/>'
            + "".join(parts)
            + _text(_cut(self.title, SMALL, WIDTH / 2), MARGIN, foot, SMALL, MUTED)
            + _text(f"{number} of {count}", WIDTH - MARGIN, foot, SMALL, MUTED, anchor="end")
            + "</svg>"
            for number, parts in enumerate(self.pages, 1)
        ]

    def _turn(self) -> None:
        self.pages.append([])
        self.y = MARGIN

    def _room(self, height: float) -> bool:
        """Turn the page where a height does not fit; tell whether it was turned."""
        if self.y + height <= HEIGHT - FOOT - 6 or not self.pages[-1]:
            return False
        self._turn()
        return True

    def _line(self, text: str, size: float, *, weight: str = "normal", ink: str = INK) -> None:
        self.y += size * LEADING
        self.pages[-1].append(_text(text, MARGIN, self.y, size, ink, weight=weight))

    def _table(self, table: Table) -> None:
        self._row(table, table.header, "bold")
        for row in table.rows:
            self._row(table, row, "normal")
        self.y += 6

    def _row(self, table: Table, cells: Sequence[str], weight: str) -> None:
        widths = [share * (WIDTH - 2 * MARGIN) for share in table.shares]
        wrapped = [wrap(cell, SMALL, width - 5) for cell, width in zip(cells, widths, strict=True)]
        height = max(len(lines) for lines in wrapped) * SMALL * LEADING + 4
        if self._room(height) and weight == "normal":
            self._row(table, table.header, "bold")
        left, top = MARGIN, self.y
        for column, (lines, width) in enumerate(zip(wrapped, widths, strict=True)):
            is_right = column in table.right
            x, anchor = (left + width - 4, "end") if is_right else (left, "start")
            for number, line in enumerate(lines, 1):
                y = top + number * SMALL * LEADING
                self.pages[-1].append(_text(line, x, y, SMALL, INK, weight=weight, anchor=anchor))
            left += width
        self.y = top + height
        rule = f'<path d="M{MARGIN:g} {self.y:.1f}H{WIDTH - MARGIN:g}" stroke="{RULE}" stroke-width="0.5"/>'
        self.pages[-1].append(rule)


def _cut(text: str, size: float, width: float) -> str:
    lines = wrap(text, size, width)
    return lines[0] if len(lines) == 1 else f"{lines[0]} …"


def _text(
    text: str, x: float, y: float, size: float, ink: str, *, weight: str = "normal", anchor: str = "start"
) -> str:
    # What XML cannot hold would make the page unreadable.
    said = "".join(letter if letter.isprintable() else " " for letter in text)
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="{FONT}" font-size="{size:g}" font-weight="{weight}"'
        f' text-anchor="{anchor}" fill="{ink}">{escape(said)}</text>'
    )
