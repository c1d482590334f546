"""CSV in every dialect: what is stated is read, what is not stated is refused, nothing is guessed."""

import codecs
import gzip
import re
from pathlib import Path

import pytest

from closeknit.kernel import cells
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.rooms.sensing.contracts import BadRow
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.sources import CsvFile, open_path
from closeknit.rooms.sensing.tests.small import RECIPE


def read(tmp_path, data, delimiter=",", encoding="utf-8"):
    path = tmp_path / "a.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    file = CsvFile(path, delimiter, encoding)
    return file.columns, [row for chunk in file.read(0, 2) for _, row in chunk]


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("a,b\n1,2\n", ("a", "b"), [("1", "2")]),
        ("a,b\n1,2", ("a", "b"), [("1", "2")]),
        ("a,b\r\n1,2\r\n", ("a", "b"), [("1", "2")]),
        ("a,b\r1,2\r3,4", ("a", "b"), [("1", "2"), ("3", "4")]),
        ('a,b\n1,"x, y"\n', ("a", "b"), [("1", "x, y")]),
        ('a,b\n1,"x\ny"\n', ("a", "b"), [("1", "x\ny")]),
        ('a,b\r\n1,"x\r\ny"\r\n', ("a", "b"), [("1", "x\r\ny")]),
        ('a,b\n1,"he said ""no"""\n', ("a", "b"), [("1", 'he said "no"')]),
        ('a,b\n"",""\n', ("a", "b"), [("", "")]),
        ("a,b\n,\n", ("a", "b"), [("", "")]),
        ('a,b\n1,"{""k"": ""v, w""}"\n', ("a", "b"), [("1", '{"k": "v, w"}')]),
        ("a,b\n1,ʤ\n", ("a", "b"), [("1", "ʤ")]),
        ("\ufeffa,b\n1,2\n", ("a", "b"), [("1", "2")]),
        ('"a","b"\n"1","2"\n', ("a", "b"), [("1", "2")]),
        ('a,b\n1,5" pipe\n', ("a", "b"), [("1", '5" pipe')]),
        ("a,b\n", ("a", "b"), []),
        ("a\n1\n\n2\n", ("a",), [("1",), ("2",)]),
    ],
)
def test_quotes_line_ends_empty_cells_and_marks(tmp_path, text, columns, rows):
    assert read(tmp_path, text) == (columns, rows)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_any_stated_delimiter(tmp_path, delimiter):
    assert read(tmp_path, f"a{delimiter}b\n1{delimiter}2\n", delimiter) == (("a", "b"), [("1", "2")])


def test_another_delimiter_than_stated_is_named(tmp_path):
    with pytest.raises(Invalid, match="parted by ';'") as caught:
        read(tmp_path, "a;b\n1;2\n")
    assert 'delimiter: ";"' in caught.value.todo


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""), ("utf-8", codecs.BOM_UTF8), ("utf-16-le", b""), ("utf-16-be", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-be", codecs.BOM_UTF16_BE), ("latin-1", b""), ("windows-1252", b""),
    ],
)  # fmt: skip
def test_stated_encodings_are_read(tmp_path, encoding, mark):
    data = mark + "a,b\n1,Zoë\n".encode(encoding)
    stated = "utf-16" if mark and encoding.startswith("utf-16") else encoding
    assert read(tmp_path, data, encoding=stated) == (("a", "b"), [("1", "Zoë")])


@pytest.mark.parametrize(
    ("data", "encoding", "why"),
    [
        ("a,b\n1,Zoë\n".encode("latin-1"), "utf-8", "not UTF-8: byte 0xeb"),
        ("a,b\n1,2\n".encode("utf-16"), "utf-8", "marked as UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "utf-8", "NUL"),
        ("a,b\n1,2\n".encode("utf-16-le"), "utf-16", "order of its bytes"),
        ("a,b\n1,2\n".encode("utf-32"), "utf-8", "marked as UTF-32"),
        (codecs.BOM_UTF8 + b"a,b\n", "latin-1", "marked as UTF-8"),
        ("a,b\n1,€\n".encode("windows-1252"), "latin-1", "windows-1252"),
        (b"a,b\n1,\x81\n", "windows-1252", "not windows-1252"),
        ("a,b\n1,2\n".encode("utf-16")[:-1], "utf-16", "not utf-16"),
        (codecs.BOM_UTF8 * 2 + b"a,b\n", "utf-8", "byte-order mark"),
        ("a,b\ufeff\n".encode(), "utf-8", "byte-order mark"),
        (b"a,a\n", "utf-8", "twice"),
        (b"a,\n", "utf-8", "not at all"),
        (b"", "utf-8", "empty"),
    ],
)
def test_another_encoding_than_stated_is_refused(tmp_path, data, encoding, why):
    with pytest.raises(Invalid) as caught:
        read(tmp_path, data, encoding=encoding)
    assert why in f"{caught.value.what} {caught.value.todo}"


def test_marks_in_the_middle_cost_their_row_alone(tmp_path):
    _, found = read(tmp_path, "a,b\n1,2\n\ufeff3,4\n5,\x00\n7,8\n")
    assert [row.code if isinstance(row, BadRow) else row for row in found] == [
        ("1", "2"),
        "odd-mark",
        "odd-mark",
        ("7", "8"),
    ]


def test_a_quote_that_is_never_closed_is_told_with_the_lines_it_swallows(tmp_path):
    _, (first, bad) = read(tmp_path, 'a,b\n1,2\n3,"4\n5,6\n7,8\n')
    assert first == ("1", "2")
    assert (bad.code, dict(bad.raw)) == ("not-csv", {"line": 3, "to_line": 5})
    assert "lines 3 to 5" in bad.reason


def test_the_recipe_states_delimiter_encoding_and_sheet(tmp_path):
    stream = 'from: "calls*.csv"\n    delimiter: "\\t"\n    encoding: utf-16\n    sheet: Calls'
    recipe = read_recipe(RECIPE.replace('from: "calls*.csv"', stream), "small.yaml")
    (tmp_path / "calls.csv").write_bytes("id\tat\n1\tZoë\n".encode("utf-16"))
    (file,) = open_path(tmp_path / "calls.csv", recipe).files
    assert (file.columns, recipe.streams[1].sheet) == (("id", "at"), "Calls")
    with pytest.raises(Invalid, match="encoding"):
        read_recipe(RECIPE.replace('from: "calls*.csv"', 'from: "calls*.csv"\n    encoding: ebcdic'), "small.yaml")


def test_packed_text_of_any_encoding_reads_the_same(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress("a;b\r1;Zoë".encode("utf-16")))
    file = CsvFile(tmp_path / "a.csv.gz", ";", "utf-16")
    assert (file.columns, list(file.read(0, 9))) == (("a", "b"), [[(2, ("1", "Zoë"))]])


LOOKS_LIKE_A_FORMULA = [
    "=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1", "＝1+1", "＋1", "－1", "＠x", "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x","y")', '"=1', ";=1", "a\n=1", "-5", "=", "'", "plain", "-", "=1,2",
    '=IMPORTXML(CONCAT("")) ',
]  # fmt: skip


def test_what_looks_like_a_formula_is_text_that_exports_quote_and_a_recipe_reads_back(tmp_path):
    answer = csv_response("a", ("text", "number"), [(text, -5) for text in LOOKS_LIKE_A_FORMULA])
    (tmp_path / "a.csv").write_bytes(b"".join(answer.streaming_content))
    shown = [row for chunk in CsvFile(tmp_path / "a.csv", ",").read(0, 99) for _, row in chunk]
    assert not [text for text, _ in shown if text.startswith(tuple("=+-@\t\r＝＋－＠"))]
    assert {number for _, number in shown} == {"-5"}
    back = [row for chunk in CsvFile(tmp_path / "a.csv", ",", apostrophes=True).read(0, 99) for _, row in chunk]
    assert [text for text, _ in back] == LOOKS_LIKE_A_FORMULA


def test_red_twin_without_the_apostrophe_a_spreadsheet_would_compute(tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "FORMULA", re.compile("(?!)"))
    answer = csv_response("a", ("text",), [("=1+1",)])
    assert b"\n=1+1" in b"".join(answer.streaming_content)


def test_csv_is_written_by_the_one_writer_that_quotes_formulas():
    source = Path(cells.__file__).parents[1]
    texts = {path.relative_to(source): path.read_text(encoding="utf-8") for path in source.rglob("*.py")}
    wrote = [
        path.as_posix()
        for path, text in texts.items()
        if re.search(r"csv\.(writer|DictWriter)|to_csv|write_csv", text)
        and "csv_cell" not in text
        and not {"tests", "demo"} & set(path.parts)
    ]
    assert wrote == []
