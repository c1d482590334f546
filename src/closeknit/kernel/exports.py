"""Tables as files to take away, CSV or Excel; what a cell of CSV holds: `cells`, what one of Excel: `workbooks`."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from django.http import FileResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from closeknit.kernel.cells import csv_line
from closeknit.kernel.workbooks import write_workbook

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TableResponse(StreamingHttpResponse):
    """A table as a CSV file, row by row: UTF-8 with a mark, so that spreadsheets read its letters.

    It keeps the table: as long as nothing of the file was sent, it can be had as a workbook instead.
    """

    def __init__(self, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        iterator = iter(rows)
        # The first row is read now: a refusal must be an answer of its own, not break off a file already begun.
        first = list(islice(iterator, 1))
        self.name, self.header, self.rows = name, header, chain(first, iterator)
        super().__init__(_lines(header, self.rows), content_type="text/csv; charset=utf-8")
        self["Content-Disposition"] = content_disposition_header(True, f"{name}.csv") or ""

    def as_workbook(self) -> FileResponse:
        """Return the table as an Excel workbook of one sheet, instead of the CSV file.

        Raises:
            Invalid: what a sheet cannot hold; see `write_workbook`.
        """
        book = write_workbook(self.name, self.header, self.rows)
        return FileResponse(book, as_attachment=True, filename=f"{self.name}.xlsx", content_type=EXCEL)


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> TableResponse:
    """Answer with a table to take away: CSV, or Excel where the reader asks for that (`web.spreadsheets`)."""
    return TableResponse(name, header, rows)


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield "\ufeff" + ",".join(header) + "\r\n"
    for row in rows:
        yield csv_line(row)
