"""Chart specs: the chart library takes them, tables hold the same rows, colours are tokens."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import vl_convert

from closeknit.rooms.demand.contracts import AccuracyRow
from closeknit.web import assets, charts

TOKENS = Path(charts.__file__).parent / "static" / "web" / "tokens.css"
WEEKS = [date(2026, 11, 2) + timedelta(weeks=i) for i in range(4)]
FAN = [
    {
        "week_on": w,
        "observed": 5.0 if i < 2 else None,
        "mean": None if i < 2 else 6.0,
        "low": None if i < 2 else 4.0,
        "high": None if i < 2 else 9.0,
    }
    for i, w in enumerate(WEEKS)
]
NEED = [
    {
        "week_on": w,
        "need_hours": 10.0,
        "capacity_hours": 8.0,
        "served_hours": 8.5,
        "short_hours": 1.5 * i,
        "overtime_hours": 0.5 * i,
        "coverage_share": 0.85,
    }
    for i, w in enumerate(WEEKS)
]
CELL = [
    {
        "starts_at": datetime(2026, 11, 2, 8, tzinfo=UTC) + timedelta(minutes=30 * i),
        "local_start": f"c{i}",
        "need_hours": 1.0,
        "capacity_hours": 0.5,
        "short_hours": 0.5,
    }
    for i in range(20)
]
HORIZON = [AccuracyRow(str(n), "", 9, 90.0, 0.1 * n, 0.1, 0.0, 0.8, 0.1, 0.9) for n in (1, 2, 3)]
CASES = [
    ("fan", FAN),
    ("need", NEED),
    ("need", NEED[:1]),
    ("intervals", CELL),
    ("intervals", CELL[:5]),
    ("horizon", HORIZON),
]


@pytest.mark.parametrize(("kind", "rows"), CASES)
def test_the_chart_library_takes_every_spec(kind, rows):
    spec = charts.CHARTS[kind](rows).spec
    drawn = vl_convert.vegalite_to_svg({**spec, "width": 400}, vl_version="6.4")
    assert drawn.startswith("<svg")
    assert "NaN" not in drawn


@pytest.mark.parametrize(("kind", "rows"), CASES)
def test_every_row_stands_in_the_table(kind, rows):
    chart = charts.CHARTS[kind](rows)
    assert len(chart.cells) == len(rows)
    assert all(len(cells) == len(chart.columns) for cells in chart.cells)


@pytest.mark.parametrize(("kind", "rows"), CASES)
def test_colours_are_tokens_that_both_themes_know(kind, rows):
    text = json.dumps(charts.CHARTS[kind](rows).spec)
    assert not re.search(r'"#[0-9a-f]{3,8}"', text)
    css = TOKENS.read_text()
    dark = css[css.index('data-theme="dark"') :]
    for token in set(re.findall(r'"@([a-z0-9-]+)"', text)):
        assert f"--{token}:" in css
        assert f"--{token}:" in dark


def test_a_pool_that_is_never_short_has_no_short_layer():
    calm = [{**row, "short_hours": 0.0, "overtime_hours": 0.0} for row in NEED]
    assert [layer["encoding"]["color"]["datum"] for layer in charts.need(calm).spec["layer"]] == [
        "Capacity",
        "Need",
    ]
    assert "Short" in [layer["encoding"]["color"]["datum"] for layer in charts.need(NEED).spec["layer"]]


def test_the_bundle_is_written_once(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda: made.append(1) or "window.vegaEmbed = 1;")
    first, second = assets.ensure_vega_bundle(tmp_path), assets.ensure_vega_bundle(tmp_path)
    assert first == second
    assert len(made) == 1
    assert [p.name for p in first.parent.iterdir()] == [first.name]


@pytest.mark.parametrize(("kind", "rows", "unit"), [("need", NEED, "hours per week"), ("fan", FAN, "units per week")])
def test_the_unit_stands_at_the_axis_of_every_layer(kind, rows, unit):
    heights = [layer["encoding"]["y"] for layer in charts.CHARTS[kind](rows).spec["layer"] if "y" in layer["encoding"]]
    assert len(heights) > 2
    assert {height["title"] for height in heights} == {unit}
