"""Files that lie about themselves, bombs and broken lines: refused with a reason, quickly and in little memory."""

import gzip
import json
import resource
import time
import zipfile
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.contracts import BadRow
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.sources import JsonFile, JsonLines, json_lines, open_file, parquet, unpacking
from closeknit.rooms.sensing.tests.books import row, text, write_book
from closeknit.rooms.sensing.tests.small import RECIPE

STREAM = read_recipe(RECIPE, "small.yaml").streams[1]
COLUMNS = ("at", "id")


def refusal(path):
    with pytest.raises(Invalid) as caught:
        open_file(path, STREAM)
    return f"{caught.value.what} {caught.value.todo}"


def bad(line, columns=COLUMNS):
    ((_, found),) = next(JsonLines([line], STREAM, columns).read(0, 9))
    return found.code if isinstance(found, BadRow) else found


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.csv", b"PAR1....", "content is Parquet"),
        ("a.csv", b"PK\x03\x04....", "ZIP"),
        ("a.csv", b"%PDF-1.7", "PDF"),
        ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office document"),
        ("a.csv", b"<!DOCTYPE html><p>Sign in", "a web page"),
        ("a.csv", b'<?xml version="1.0"?><a/>', "XML"),
        ("a.csv", b'{"id": 1}\n', "content is JSON"),
        ("a.csv", b"SQLite format 3\x00", "SQLite"),
        ("a.parquet", b"a,b\n1,2\n", "says Parquet; its content is text"),
        ("a.xlsx", b"a,b\n1,2\n", "says an Excel workbook; its content is text"),
        ("a.ndjson", b"a,b\n1,2\n", "text that is not JSON"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not a table"),
        ("a.csv.gz", gzip.compress(gzip.compress(b"a,b\n", mtime=0), mtime=0), "packed twice"),
        ("a.parquet.gz", gzip.compress(b"PAR1....", mtime=0), "Unpack it first"),
        ("a.csv", b"\x1f\x8bnot really", "cannot be unpacked"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, name, data, why):
    (tmp_path / name).write_bytes(data)
    assert why in refusal(tmp_path / name)


def test_a_workbook_called_csv_is_named_as_what_it_is(tmp_path):
    assert "Excel" in refusal(write_book(tmp_path / "a.csv", {"Data": row(1, text("A1", "id"))}))


def bomb(path, unpacked):
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(b"id,at\n")
        for _ in range(unpacked >> 20):
            file.write(b"0,0\n" * (1 << 18))
    return path


def test_a_bomb_is_refused_within_a_second_and_in_little_memory(tmp_path):
    path = bomb(tmp_path / "a.csv.gz", 300 << 20)
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    assert "unpacks to more than 200 times" in refusal(path)
    assert time.process_time() - started < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10


def test_red_twin_without_its_bound_the_bomb_is_unpacked_to_the_end(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(unpacking, "refuse_bomb", lambda unpacked, *_: given.append(unpacked))
    open_file(bomb(tmp_path / "a.csv.gz", 64 << 20), STREAM)
    assert max(given) > 64 << 20


def test_a_workbook_that_is_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"Data": row(1, text("A1", "id"))})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book, book.open("xl/bomb.xml", "w") as part:
        for _ in range(64):
            part.write(b" " * (1 << 20))
    assert "unpacks to more than" in refusal(path)


def parquet_bomb(path, copies=1, kind=None):
    """A few kilobytes that unpack to megabytes: one long text, as it is or in a dictionary that every row names."""
    long = pa.array(["0" * (40 << 20)], kind or pa.string())
    texts = long if copies == 1 else pa.DictionaryArray.from_arrays(pa.array([0] * copies, pa.int32()), long)
    table = pa.table({"id": [str(n) for n in range(copies)], "at": texts})
    pq.write_table(table, path, compression="zstd", use_dictionary=copies > 1)
    return path


def test_a_parquet_file_that_is_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = parquet_bomb(tmp_path / "a.parquet")
    assert path.stat().st_size < 20_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "unpacks to more than 200 times" in refusal(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30 << 10


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary()], ids=str)
def test_a_long_text_that_every_row_names_is_refused_in_little_memory(tmp_path, monkeypatch, kind):
    path = parquet_bomb(tmp_path / "a.parquet", copies=3000, kind=kind)
    monkeypatch.setattr(parquet, "refuse_bomb", lambda *_: None)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Invalid, match="longer than 1,000,000 bytes"):
        list(open_file(path, STREAM).read(0, 10_000))
    # 3,000 rows of 40 MB each would be 117 GB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 << 10


def test_rows_that_take_no_room_are_refused(tmp_path, monkeypatch):
    pq.write_table(pa.table({"id": pa.array([1] * 2_000_000, pa.int8())}), tmp_path / "a.parquet")
    assert len(next(open_file(tmp_path / "a.parquet", STREAM).read(0, 9))) == 9
    monkeypatch.setattr(parquet, "FREE_ROWS", 1_000_000)
    assert "says that it holds 2,000,000 rows" in refusal(tmp_path / "a.parquet")


def test_red_twin_without_its_bound_the_parquet_bomb_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "refuse_bomb", lambda *_: None)
    monkeypatch.setattr(parquet, "MOST_VALUE_BYTES", 1 << 30)
    ((_, (_, text)),) = next(open_file(parquet_bomb(tmp_path / "a.parquet"), STREAM).read(0, 9))
    assert len(text) == 40 << 20


def test_dictionaries_and_gaps_of_parquet_read_like_plain_columns(tmp_path):
    words = ["a", None, "b", "a", None, ""]
    tens = pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 0, 1, 0], pa.int32()), pa.array([10, 20]))
    table = pa.table({"id": pa.array(words).dictionary_encode(), "at": words, "n": tens})
    pq.write_table(table, tmp_path / "a.parquet")
    for skip in range(len(words)):
        found = [row for chunk in open_file(tmp_path / "a.parquet", STREAM).read(skip, 2) for _, row in chunk]
        assert found == list(zip(words, words, [10, 20, None, 10, 20, 10], strict=True))[skip:]


def test_a_line_without_end_is_refused(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"id,at\n" + b"ab12" * 5_000_000)
    assert "A line is longer" in refusal(tmp_path / "a.csv")
    (tmp_path / "a.ndjson").write_bytes(b'{"id": "' + b"a" * 2_000_000 + b'"}')
    with pytest.raises(Invalid, match="A line is longer"):
        list(open_file(tmp_path / "a.ndjson", STREAM).read(0, 9))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"id": NaN}', "not-json"),
        (b'{"id": Infinity}', "not-json"),
        (b'{"id": -Infinity}', "not-json"),
        (b'{"id": 1, "id": 2}', "not-json"),
        (b'{"id" : 1, "id":2}', "not-json"),
        (b'{"id"\t: 1, "at": "\\":", "id":2}', "not-json"),
        (b'{"id": 1, "\\u0069d": 1}', "not-json"),
        (b'{"id": "\\ud800"}', "lone-surrogate"),
        (b'{"id": "\xed\xa0\x80"}', "not-utf-8"),
        (b'{"id": "\xff"}', "not-utf-8"),
        ('{"id": "Zoë"}'.encode("utf-16"), "not-utf-8"),
        (b'\xef\xbb\xbf{"id": 1}', "odd-mark"),
        (b'{"id": "a\xef\xbb\xbfb"}', "odd-mark"),
        (b'{"id": "a\\uFEFFb"}', "odd-mark"),
        (b'{"id": "a\x00b"}', "odd-mark"),
        (b'{"id": [1]}', "not-a-value"),
        (b'{"id": {"a": 1}}', "not-a-value"),
        (b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not-json"),
        (b'{"a":' * 100_000, "not-json"),
        (b'{"id": 01}', "not-json"),
        (b'{"id": ' + b"1" * 5000 + b"}", "not-json"),
        (b'{"id": 1} {"id": 2}', "not-json"),
        (b'{"what": 1}', "unknown-column"),
        (b"[1]", "not-json"),
        (b"1", "not-json"),
        (b"{\"id\": '1'}", "not-json"),
        (b'{"id": 1,}', "not-json"),
    ],
)
def test_a_line_that_is_not_strict_json_is_a_bad_row(line, code):
    assert bad(line) == code


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (b'{"id": 1e400}', (None, "1e400")),
        (b'{"id": 2.50, "at": null}', (None, "2.50")),
        (b'{"id" : "\\":", "at" : "x"}', ("x", '":')),
        (b'{"id": 123456789012345678901234567890}', (None, 123456789012345678901234567890)),
        (b'{"id": "\\ud83d\\ude00"}', (None, "\U0001f600")),
        (b'{"id": true}', (None, True)),
        (b"{}", (None, None)),
    ],
)
def test_a_sound_line_is_read_as_it_is_written(line, row):
    assert bad(line) == row
    assert bad(line + b" ") == row


def test_one_bad_line_costs_one_row_of_ten_thousand():
    lines = [json.dumps({"id": n, "at": "x"}).encode() for n in range(10_000)]
    whole = [row for chunk in JsonLines(lines, STREAM, COLUMNS).read(0, 10_000) for row in chunk]
    for broken in (b'{"id": 1, "id": 1}', b"{", b'{"id": "\\ud800"}'):
        lines[7_000] = broken
        found = [row for chunk in JsonLines(lines, STREAM, COLUMNS).read(0, 10_000) for row in chunk]
        assert isinstance(found[7_000][1], BadRow)
        assert found[:7_000] + found[7_001:] == whole[:7_000] + whole[7_001:]


def test_a_file_of_json_lines_is_read_packed_or_not_and_again_from_any_row(tmp_path):
    data = b'\xef\xbb\xbf{"id": 1}\n\n{"id": 2}\r\n{"id": NaN}\n{"id": 4}'
    (tmp_path / "calls.ndjson").write_bytes(data)
    (tmp_path / "calls.ndjson.gz").write_bytes(gzip.compress(data))
    for name in ("calls.ndjson", "calls.ndjson.gz"):
        file = JsonFile(tmp_path / name, STREAM, COLUMNS)
        whole = [row for chunk in file.read(0, 2) for row in chunk]
        assert [line for line, _ in whole] == [1, 3, 4, 5]
        assert whole[1] == (3, (None, 2))
        for skip in range(5):
            assert [row for chunk in file.read(skip, 2) for row in chunk] == whole[skip:]


def test_nested_columns_of_parquet_are_refused_by_name(tmp_path):
    pq.write_table(pa.table({"id": [1], "items": [[1, 2]]}), tmp_path / "a.parquet")
    assert "'items'" in refusal(tmp_path / "a.parquet")


_MEMBERS = st.sampled_from(
    ['"id":1', '"id" : 2', '"id":"\\":"', '"at":"x: y"', '"at":null', '"at":true', '"id":1.50', '"id":1e400',
     '"id":NaN', '"id":[1]', '"id":{}', '"x":1', '"id":"\\ud800"', '"id":"\\ufeff"', '"id":"\u00e9"', '"at":-0.0',
     '"\\u0069d":3', '"at":"'],
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(_MEMBERS, max_size=3), min_size=1, max_size=4), st.sampled_from([",", ", ", ",\t"]))
def test_the_quick_way_takes_no_line_that_the_strict_way_refuses(lines, comma):
    texts = [("{" + comma.join(members) + "}").encode() for members in lines]
    reader = json_lines.JsonRows(COLUMNS)
    strictly = [reader._doubtful(text) for text in texts]
    assert reader.read(texts) == strictly
    together = reader._sound(texts)
    assert together is None or together == strictly


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40), st.binary(max_size=5))
def test_any_bytes_are_a_row_or_a_bad_row(data, more):
    for line in (data, b'{"id": "' + more + b'"}', b'{"id": ' + more + b"}"):
        line = line.replace(b"\n", b" ")
        reader = json_lines.JsonRows(COLUMNS)
        assert reader.read([line]) == [reader._doubtful(line)]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.sampled_from(["a.csv", "a.ndjson", "a.xlsx", "a.parquet", "a.csv.gz", "a.dat"]))
def test_any_bytes_in_a_file_are_rows_or_a_clear_refusal(tmp_path, data, name):
    heads = (b"", b"id,at\n", b"PAR1", b"PK\x03\x04", b"\x1f\x8b\x08\x00", b'{"id": 1}\n')
    for head in heads:
        (tmp_path / name).write_bytes(head + data)
        with suppress(Invalid):
            for chunk in open_file(tmp_path / name, STREAM).read(0, 9):
                assert all(isinstance(line, int) for line, _ in chunk)
