"""The fast road over columns and the road of a single row say the same of every row."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from closeknit.rooms.sensing.contracts import FactKind
from closeknit.rooms.sensing.mapping import copy_text
from closeknit.rooms.sensing.mapping.chunks import ChunkMapper
from closeknit.rooms.sensing.mapping.columns import WorkChunk
from closeknit.rooms.sensing.mapping.quick import read_instants
from closeknit.rooms.sensing.mapping.recipe import find_recipe_text, read_recipe, shipped_recipes
from closeknit.rooms.sensing.mapping.refusal import Refused
from closeknit.rooms.sensing.mapping.rows import RowMapper, columns_of_stream

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NASTY = """
recipe: nasty
title: Nasty
time_zone: Europe/Berlin
streams:
  - name: keyed
    from: keyed.csv
    into: work
    key: [id, part]
    empty: ["-"]
    ambiguous: later
    refuse:
      - {when: {any: [{kind: test}, {calls: {above: 900}}]}, code: no-work, reason: "Row {id} is none."}
    fields:
      operation: {cases: [{when: {kind: b}, value: back}], otherwise: {value: desk}}
      service: {template: "s-{kind}", required: true}
      occurred_at: at
      quantity: {from: calls, required: true}
      account_number: {from: account, known: account}
      handle_minutes: {from: seconds, unit: seconds, zero_is_empty: true}
      amount: {product: [calls, price]}
      promised_minutes: {minutes_between: [at, end]}
      finished_at: end
      met_promise: {from: kind, words: {a: true, b: false, c: null, test: null, "x|y": null}}
      is_return: {when: {kind: [b]}}
    details:
      note: note
      price: {from: price, type: money}
      day: {from: day, type: date}
      sure: {when: {kind: a}}
      always: {value: same}
  - name: whole
    from: whole.csv
    into: work
    key: whole-row
    fields:
      operation: {value: desk}
      service: {value: phone}
      occurred_at: {value: "2026-02-01T10:00:00Z"}
      quantity: calls
      product: note
"""
_VALUES = {
    "id": ["1", "2", "3|4", "\\", 5, 5.0, True, None, "", "a\x00b", "\ud800", "a\tb\n"],
    "part": ["1", " 1 ", "-", "x"],
    "kind": ["a", "b", "c", "test", "x|y", 1, True, "", "-"],
    "at": [
        "2026-02-01T10:00:00", "2026-02-01T10:00:00Z", "2026-02-01T10:00:00.250+02:00", "2026-02-30T10:00",
        "2026-10-25T02:30:00", "2025-10-26T02:30:00", "2025-03-30T02:30:00", "1960-01-01T00:00:00Z", "", "now", 17,
        datetime(2026, 2, 1, 10, tzinfo=UTC),
    ],
    "end": ["2026-02-01T11:00:00Z", "2026-01-01T11:00:00", "", None, "x"],
    "calls": ["1", "2.5", "1e2", "1e400", "NaN", "-1", 3, 0.5, True, "999", "", "1,5"],
    "price": ["1.10", "2", "0.00005", "1e30", Decimal("1.0"), "", "x"],
    "account": ["A1", "A2", "", None],
    "seconds": ["90", "0", "0:01:30", "-1", 30],
    "note": ["None", "\\N", "tab\tand\nline", 'quote"', "é", "e\u0301", "x" * 501, "\x07", "", "'=1+1"],
    "day": ["2026-02-28", "2026-02-30", date(2026, 1, 2), ""],
}  # fmt: skip


def both_ways(stream, columns, rows, known):
    """Return what the columns made of the rows, and what each row alone makes."""
    alone, mapper = WorkChunk(), RowMapper(stream, columns, known, AT)
    refused = []
    for line, raw in rows:
        try:
            alone.add(line, raw, mapper.map_work(raw))
        except Refused as refusal:
            refused.append((line, refusal.code, refusal.reason))
    together = ChunkMapper(stream, columns, known, AT).map(rows)
    return together, alone, refused


def in_order(chunk):
    parts = (chunk.lines, chunk.key_hashes, chunk.content_hashes, chunk.cells, chunk.operations, chunk.instants)
    return sorted(zip(*parts, strict=True))


def assert_same(stream, columns, rows, known):
    together, alone, refused = both_ways(stream, columns, rows, known)
    assert in_order(together.work) == in_order(alone)
    assert [(line, refusal.code, refusal.reason) for line, _, refusal in together.refused] == refused
    assert together.read == len(rows) == len(together.work.lines) + len(together.refused)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_columns_say_of_any_row_what_a_single_row_does(data):
    for stream in read_recipe(NASTY, "nasty.yaml").streams:
        columns = columns_of_stream(stream)
        row = st.tuples(*(st.sampled_from(_VALUES[name]) for name in columns))
        rows = data.draw(st.lists(row, max_size=30))
        assert_same(stream, columns, list(enumerate(rows, start=2)), {FactKind.ACCOUNT: {"A1"}})


@pytest.mark.parametrize("name", shipped_recipes())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_columns_and_rows_agree_for_every_shipped_recipe(name, data):
    values = st.one_of(
        st.none(), st.text(max_size=6), st.integers(), st.sampled_from(_VALUES["at"]), st.sampled_from(_VALUES["calls"])
    )
    for stream in read_recipe(*find_recipe_text(name)).streams:
        if stream.into is None and not stream.one_per:
            columns = columns_of_stream(stream)
            rows = data.draw(st.lists(st.tuples(*(values for _ in columns)), max_size=8))
            assert_same(stream, columns, list(enumerate(rows, start=1)), {FactKind.ACCOUNT: {"A1"}})


def test_good_rows_take_the_fast_road():
    stream = read_recipe(NASTY, "nasty.yaml").streams[0]
    columns = columns_of_stream(stream)
    good = {name: _VALUES[name][0] for name in columns}
    rows = [(n, tuple((good | {"id": str(n)})[name] for name in columns)) for n in range(100)]
    mapper = ChunkMapper(stream, columns, {FactKind.ACCOUNT: {"A1"}}, AT)
    chunk, doubtful = mapper._columns.map(rows)
    assert (len(chunk.lines), doubtful) == (100, [])


@pytest.mark.parametrize(
    ("odd", "is_quick"),
    [
        ("2026-02-01T10:00:00Z", True),
        ("0999-02-01T10:00:00Z", True),
        ("2026-02-01T10:00:00Z\n2026-02-01T10:00:00Z", False),
        ("2026-02-01T10:00:00Z\n", False),
        ("2026-02-30T10:00:00Z", False),
        ("2026-02-01T10:00:00.250Z", False),
        ("2026-02-01T10:00:00+01:00", False),
        ("2026-02-01 10:00:00Z", False),
        ("٢٠٢٦-02-01T10:00:00Z", False),
        ("", False),
        (None, False),
        (17, False),
    ],
)
def test_a_column_of_instants_is_read_at_one_go_only_where_each_is_plain(odd, is_quick):
    plain = [f"2026-02-01T10:{minute:02d}:00Z" for minute in range(60)]
    found = read_instants([*plain, odd], ())
    assert (found is not None) == is_quick
    if found:
        assert found[1] == [str(moment) for moment in found[0]]
        assert found[0] == [datetime.fromisoformat(text) for text in [*plain, odd]]


def test_what_stands_for_empty_is_no_instant():
    column = ["2026-02-01T10:00:00Z", "1900-01-01T00:00:00Z"]
    assert read_instants(column, ())
    assert read_instants(column, {column[1]}) is None


def test_one_odd_value_of_a_column_costs_its_row_only():
    stream = read_recipe(NASTY, "nasty.yaml").streams[0]
    columns = columns_of_stream(stream)
    good = {name: _VALUES[name][0] for name in columns}
    rows = [(n, tuple((good | {"id": str(n)})[name] for name in columns)) for n in range(100)]
    at, seconds = columns.index("at"), columns.index("seconds")
    for number, place, value in ((7, at, "2026-02-30T10:00:00Z"), (8, seconds, "NaN"), (9, at, None)):
        raw = list(rows[number][1])
        raw[place] = value
        rows[number] = (number, tuple(raw))
    known = {FactKind.ACCOUNT: {"A1"}}
    chunk, doubtful = ChunkMapper(stream, columns, known, AT)._columns.map(rows)
    assert ([line for line, _ in doubtful], len(chunk.lines)) == ([7, 8, 9], 97)
    assert_same(stream, columns, rows, known)


@given(st.lists(st.text(alphabet="a\\\t\n\rN\u00e9", max_size=5), max_size=5))
def test_a_cell_holds_nothing_that_copy_would_take_for_a_mark(texts):
    assert list(copy_text.escaped(texts)) == [copy_text.cell(text) for text in texts]
    line = copy_text.line_of([*texts, None])
    assert line.split("\t")[-1] == copy_text.NOTHING
    assert len(line.split("\t")) == len(texts) + 1
    assert "\n" not in line
