"""Excel workbooks written by hand, so that a test says every byte of what it loads."""

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATIONS = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
FORMATS = ("0", "14", "22", "20", "46", "164", "165")
PLAIN, DATE, MOMENT, CLOCK, ELAPSED, OWN_DATE, OWN_TEXT = range(7)


def text(place: str, value: str) -> str:
    """Return a cell of text."""
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def number(place: str, value: float | str, style: int = PLAIN) -> str:
    """Return a cell of a number, shown by a style."""
    return f'<c r="{place}" s="{style}"><v>{value}</v></c>'


def row(line: int, *cells: str) -> str:
    """Return a row of cells."""
    return f'<row r="{line}">{"".join(cells)}</row>'


def write_book(
    path: Path,
    sheets: dict[str, str],
    *,
    hidden: tuple[str, ...] = (),
    shared: tuple[str, ...] = (),
    merged: tuple[str, ...] = (),
    from_1904: bool = False,
    prolog: str = "",
) -> Path:
    """Write a workbook from the rows of its sheets."""
    states = {name: "hidden" if name in hidden else "visible" for name in sheets}
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}" state="{states[name]}"/>'
        for n, name in enumerate(sheets, start=1)
    )
    targets = "".join(f'<Relationship Id="r{n}" Target="worksheets/s{n}.xml"/>' for n in range(1, len(sheets) + 1))
    styles = (
        '<numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd;@"/>'
        '<numFmt numFmtId="165" formatCode="0&quot;d&quot;"/></numFmts>'
        f"<cellXfs>{''.join(f'<xf numFmtId={chr(34)}{code}{chr(34)}/>' for code in FORMATS)}</cellXfs>"
    )
    merges = f"<mergeCells>{''.join(f'<mergeCell ref={chr(34)}{area}{chr(34)}/>' for area in merged)}</mergeCells>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        system = f'<workbookPr date1904="{int(from_1904)}"/>'
        book.writestr("xl/workbook.xml", f"<workbook {MAIN} {RELATIONS}>{system}<sheets>{listed}</sheets></workbook>")
        book.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{targets}</Relationships>")
        book.writestr("xl/styles.xml", f"<styleSheet {MAIN}>{styles}</styleSheet>")
        texts = "".join(f"<si><t>{escape(one)}</t></si>" for one in shared)
        book.writestr(
            "xl/sharedStrings.xml",
            f"<sst {MAIN}>{texts}<si><r><t>ri</t></r><r><t>ch</t></r><rPh><t>no</t></rPh></si></sst>",
        )
        for n, rows in enumerate(sheets.values(), start=1):
            body = f"<sheetData>{rows}</sheetData>{merges if merged else ''}"
            book.writestr(f"xl/worksheets/s{n}.xml", f"{prolog}<worksheet {MAIN}>{body}</worksheet>")
    return path
