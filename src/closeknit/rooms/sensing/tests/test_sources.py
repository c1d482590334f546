import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.sensing.contracts import BadRow
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.sources import CsvFile, JsonLines, ParquetFile, open_path
from closeknit.rooms.sensing.tests.small import RECIPE


def rows(file, skip=0, size=3):
    return [row for chunk in file.read(skip, size) for row in chunk]


def test_a_file_can_be_read_again_from_any_row(tmp_path):
    csv_path, parquet_path = tmp_path / "a.csv", tmp_path / "a.parquet"
    csv_path.write_text("n\n" + "".join(f"{n}\n" for n in range(10)))
    pq.write_table(pa.table({"n": list(range(10))}), parquet_path, row_group_size=4)
    for file in (CsvFile(csv_path, ","), ParquetFile(parquet_path)):
        whole = rows(file)
        assert len(whole) == 10 == file.rows_estimate
        for skip in range(11):
            assert rows(file, skip) == whole[skip:]


def test_ragged_and_broken_rows_are_told_with_their_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,2\n3\n"x\ny",4\n5,6,7\n\n8,"9"z\n10,11\n')
    found = rows(CsvFile(path, ","))
    assert [line for line, _ in found] == [2, 3, 4, 6, 8, 9]
    assert [row.code for _, row in found if isinstance(row, BadRow)] == [
        "ragged-row",
        "ragged-row",
        "not-csv",
    ]
    assert found[2][1] == ("x\ny", "4")
    assert found[5][1] == ("10", "11")


def test_a_wrong_encoding_is_refused_with_its_line(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes("a,b\nfine,ä\n".encode() + "bad,ä\n".encode("latin-1"))
    with pytest.raises(Invalid) as caught:
        CsvFile(path, ",")
    assert caught.value.where == "calls.csv, line 3"


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfa,b\n1,2\n")
    assert CsvFile(path, ",").columns == ("a", "b")


def test_gzipped_and_plain_text_read_the_same(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n2\n")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a\n1\n2\n"))
    assert rows(CsvFile(tmp_path / "a.csv", ",")) == rows(CsvFile(tmp_path / "a.csv.gz", ","))


@pytest.mark.parametrize("cut", [0.5, 0.9])
def test_a_damaged_gzip_or_parquet_file_is_refused(tmp_path, cut):
    whole = gzip.compress(b"a\n" + b"123456789\n" * 1000)
    (tmp_path / "a.csv.gz").write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(Invalid):
        CsvFile(tmp_path / "a.csv.gz", ",")
    pq.write_table(pa.table({"n": list(range(1000))}), tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(Invalid):
        ParquetFile(tmp_path / "a.parquet")


def test_a_flipped_byte_in_a_page_is_found_by_its_checksum(tmp_path):
    path = tmp_path / "a.parquet"
    table = pa.table({"n": list(range(5000))})
    pq.write_table(table, path, write_page_checksum=True, compression="none", use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(Invalid):
        rows(ParquetFile(path))
    assert pq.ParquetFile(path).read()["n"].to_pylist() != table["n"].to_pylist(), "the red twin reads wrong numbers"


def test_strict_json_lines():
    recipe = read_recipe(RECIPE, "small.yaml")
    lines = [
        b'{"id": 1, "at": "x"}',
        b'{"id": NaN}',
        b'{"id": 1, "id": 2}',
        b"[1]",
        b'{"what": 1}',
        b'{"id": [1]}',
        b"{",
    ]
    found = [row for _, row in rows(JsonLines(lines, recipe.streams[1], ("at", "id")))]
    assert found[0] == ("x", 1)
    codes = [row.code for row in found[1:]]
    assert codes == ["not-json", "not-json", "not-json", "unknown-column", "not-a-value", "not-json"]


def test_a_folder_gives_what_the_streams_take_in_their_order(tmp_path):
    recipe = read_recipe(RECIPE, "small.yaml")
    for name in ("calls-b.csv", "calls-a.csv", "accounts.csv", "README.md"):
        (tmp_path / name).write_text("a\n1\n")
    files = open_path(tmp_path, recipe)
    assert [file.name for file in files.files] == ["accounts.csv", "calls-a.csv", "calls-b.csv"]
    assert files.left_out == ("README.md",)
    with pytest.raises(Invalid, match="takes no file"):
        open_path(tmp_path / "README.md", recipe)
    with pytest.raises(NotFound):
        open_path(tmp_path / "nowhere", recipe)


def test_one_odd_line_changes_no_other_whatever_stands_beside_it():
    stream = read_recipe(RECIPE, "small.yaml").streams[1]
    good = [b'{"id": "%d", "calls" :1}' % number for number in range(50)]
    odd = [
        b'{"id": "x", "id" : "y"}',
        b'{"id" :"x", "id"\t:"y"}',
        b'{"id": NaN}',
        b'{"id": {"a": 1}}',
        b"[]",
        b'{"id": "\xff"}',
        '{"id": "\ufeffx"}'.encode(),
        b'{"id": "a\\" :b"}',
        b"{}",
    ]
    for number, line in enumerate(odd):
        lines = [*good[: 7 * number], line, *good[7 * number :]]
        together = [row for _, row in rows(JsonLines(lines, stream, ("calls", "id")), size=100)]
        alone = [row for one in lines for _, row in rows(JsonLines([one], stream, ("calls", "id")))]
        assert together == alone
        assert sum(isinstance(row, BadRow) for row in together) == (number < 7)
