"""Every chart's Vega-Lite spec, with one theme. Colours name tokens ("@chart-1") that the browser fills in.

A chart is a function of plain rows that returns a `Chart`: the spec, and the same numbers as a table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from closeknit.web import figures

Row = Mapping[str, Any]
Spec = dict[str, Any]

FONT = '"Inter", system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
THEME: Spec = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "@chart-ink",
        "titleColor": "@chart-ink",
        "gridColor": "@chart-grid",
        "domainColor": "@chart-grid",
        "tickColor": "@chart-grid",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": 500,
        "labelPadding": 6,
        "titlePadding": 8,
    },
    "axisX": {"grid": False},
    "axisY": {"domain": False, "ticks": False, "tickCount": 5},
    "legend": {
        "labelColor": "@chart-ink",
        "labelFontSize": 11,
        "title": None,
        "orient": "top",
        "direction": "horizontal",
        "symbolStrokeWidth": 3,
        "symbolOpacity": 1,
        "padding": 0,
        "offset": 6,
    },
}
LEAST_SHOWN_HOURS = 0.05
LEAST_SHOWN_UNITS = 0.005
MOST_BARS = 14
LINE: Spec = {"type": "line", "interpolate": "monotone", "strokeWidth": 2}
WEEK_AXIS: Spec = {
    "format": "%-d %b",
    "labelOverlap": "greedy",
    "labelSeparation": 6,
    "labelFlush": True,
    "labelBound": 8,
    "title": None,
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A spec and its table: `columns` are headings, `cells` the rows as text."""

    spec: Spec
    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]


def fan(rows: Sequence[Any], unit: str = "units") -> Chart:
    """Observed weeks as a line, the forecast as a dashed line in its band from low to high quantile.

    Where people changed a forecast, a thin line shows what the statistical method said.
    """
    values = [_plain(row, ("week_on", "observed", "mean", "low", "high", "statistical")) for row in rows]
    is_changed = any(_differ(value["mean"], value["statistical"]) for value in values)
    x = {"field": "week_on", "type": "temporal", "axis": WEEK_AXIS}
    tips = [
        _tip("week_on", "Week of", "temporal"),
        _tip("observed", "Observed"),
        _tip("mean", "Forecast"),
        _tip("low", "Low"),
        _tip("high", "High"),
        *([_tip("statistical", "Before people")] if is_changed else []),
    ]
    likely = {
        "x": x,
        "y": _y("low", f"{unit} per week"),
        "y2": {"field": "high"},
        "color": _label("Likely range"),
    }
    layers = [
        _where(values, "low", {"type": "area", "interpolate": "monotone", "opacity": 0.45}, likely),
        _where(values, "observed", LINE, {"x": x, "y": _y("observed"), "color": _label("Observed")}),
        _where(
            values,
            "mean",
            {**LINE, "strokeDash": [5, 3]},
            {"x": x, "y": _y("mean"), "color": _label("Forecast")},
        ),
        _hover(x, tips),
    ]
    names = {"Observed": "@chart-1", "Forecast": "@chart-2", "Likely range": "@chart-band"}
    columns = {"Observed": "observed", "Forecast": "mean", "Low": "low", "High": "high"}
    if is_changed:
        before = {"x": x, "y": _y("statistical"), "color": _label("Before people")}
        layers.append(_where(values, "statistical", {**LINE, "strokeWidth": 1, "strokeDash": [2, 2]}, before))
        names["Before people"] = "@chart-4"
        columns["Before people"] = "statistical"
    spec = _framed(values, [layer for layer in layers if layer], tuple(names), tuple(names.values()))
    cells = tuple(
        (figures.day(row["_week"]), *(figures.number(row[name], 1) for name in columns.values()))
        for row in _with_weeks(rows, values)
    )
    return Chart(spec, ("Week of", *columns), cells)


def _differ(mean: float | None, statistical: float | None) -> bool:
    """Tell two numbers apart by more than the rounding of a chart."""
    return mean is not None and statistical is not None and abs(mean - statistical) > 1e-6 * max(1.0, abs(mean))


def need(rows: Sequence[Any], unit: str = "hours") -> Chart:
    """Need against capacity per week: bars of capacity, overtime and what is short; need as a mark."""
    fields = (
        "week_on",
        "need_hours",
        "capacity_hours",
        "served_hours",
        "short_hours",
        "overtime_hours",
        "coverage_share",
    )
    values = [_plain(row, fields) for row in rows]
    for value in values:
        value["met_hours"] = value["need_hours"] - value["short_hours"]
        value["with_overtime_hours"] = value["capacity_hours"] + value["overtime_hours"]
    x = {
        "field": "week_on",
        "type": "ordinal",
        "timeUnit": "yearmonthdate",
        "axis": {**WEEK_AXIS, "labelAngle": 0},
        "scale": {"paddingInner": 0.28},
    }
    tips = [
        _tip("week_on", "Week of", "temporal"),
        _tip("need_hours", "Need, h"),
        _tip("capacity_hours", "Capacity, h"),
        _tip("overtime_hours", "Overtime, h"),
        _tip("short_hours", "Short, h"),
        _tip("coverage_share", "Coverage", format=".1%"),
    ]
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "cornerRadiusEnd": 2},
            "encoding": {
                "x": x,
                "y": _y("capacity_hours", f"{unit} per week"),
                "color": _label("Capacity"),
                "tooltip": tips,
            },
        },
        _between(values, x, "capacity_hours", "with_overtime_hours", "Overtime", tips),
        _between(values, x, "met_hours", "need_hours", "Short", tips),
        {
            "mark": {"type": "tick", "thickness": 3, "bandSize": 26},
            "encoding": {"x": x, "y": _y("need_hours"), "color": _label("Need"), "tooltip": tips},
        },
    ]
    colours = {"Capacity": "@chart-band", "Overtime": "@chart-4", "Need": "@chart-2", "Short": "@chart-short"}
    shown = [layer for layer in layers if layer]
    names = [name for name in colours if any(layer["encoding"]["color"]["datum"] == name for layer in shown)]
    spec = _framed(values, shown, names, [colours[name] for name in names])
    cells = tuple(
        (
            figures.day(row["_week"]),
            *(figures.number(row[name], 1) for name in fields[1:6]),
            figures.share(row["coverage_share"]),
        )
        for row in _with_weeks(rows, values)
    )
    return Chart(spec, ("Week of", "Need, h", "Capacity, h", "Served, h", "Short, h", "Overtime, h", "Coverage"), cells)


def intervals(rows: Sequence[Any], unit: str = "hours") -> Chart:
    """One pool's week in its periods: bars where they are few (days), steps where many (half-hours)."""
    fields = ("starts_at", "local_start", "need_hours", "capacity_hours", "short_hours")
    values = [_plain(row, fields) for row in rows]
    tips = [
        {"field": "local_start", "type": "nominal", "title": "Starts"},
        _tip("need_hours", "Need, h"),
        _tip("capacity_hours", "Capacity, h"),
        _tip("short_hours", "Short, h"),
    ]
    layers = _few_periods(unit, tips) if len(values) <= MOST_BARS else _many_periods(unit, tips)
    spec = _framed(values, layers, ("Capacity", "Need"), ("@chart-band", "@chart-2"))
    names = ("need_hours", "capacity_hours", "short_hours")
    cells = tuple((str(row["local_start"]), *(figures.number(row[n], 2) for n in names)) for row in values)
    return Chart(spec, ("Starts", "Need, h", "Capacity, h", "Short, h"), cells)


def _few_periods(unit: str, tips: list[Spec]) -> list[Spec]:
    axis = {"labelAngle": 0, "title": None}
    x = {
        "field": "local_start",
        "type": "ordinal",
        "sort": None,
        "axis": axis,
        "scale": {"paddingInner": 0.28},
    }
    capacity = {
        "x": x,
        "y": _y("capacity_hours", f"{unit} per period"),
        "color": _label("Capacity"),
        "tooltip": tips,
    }
    need = {"x": x, "y": _y("need_hours"), "color": _label("Need"), "tooltip": tips}
    return [
        {"mark": {"type": "bar", "cornerRadiusEnd": 2}, "encoding": capacity},
        {"mark": {"type": "tick", "thickness": 3, "bandSize": 34}, "encoding": need},
    ]


def _many_periods(unit: str, tips: list[Spec]) -> list[Spec]:
    ticks = {"interval": "day", "step": 1}
    axis = {"format": "%a %-d %b", "tickCount": ticks, "title": None, "labelOverlap": "greedy"}
    x = {"field": "starts_at", "type": "temporal", "axis": axis}
    capacity = {"x": x, "y": _y("capacity_hours", f"{unit} per period"), "color": _label("Capacity")}
    return [
        {"mark": {"type": "area", "interpolate": "step-after", "opacity": 0.5}, "encoding": capacity},
        {
            "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
            "encoding": {"x": x, "y": _y("need_hours"), "color": _label("Need")},
        },
        _hover(x, tips),
    ]


def levels(answer: Any) -> Chart:
    """A staffing answer's curve: the share answered in time by number of agents, its target, the number chosen."""
    fields = ("agents", "level_share", "mean_wait_minutes", "occupancy_share", "abandoned_share")
    values = [{**_plain(point, fields), "chosen": point.agents == answer.agents} for point in answer.curve]
    x: Spec = {"field": "agents", "type": "quantitative", "title": "agents", "axis": {"tickMinStep": 1, "format": "d"}}
    x["scale"] = {"zero": False, "nice": False, "padding": 12}
    y: Spec = {"field": "level_share", "type": "quantitative", "title": None, "axis": {"format": ".0%"}}
    y["scale"] = {"domain": [0, 1]}
    tips = [
        _tip("agents", "Agents", format="d"),
        _tip("level_share", "In time", format=".1%"),
        _tip("occupancy_share", "Occupancy", format=".1%"),
        _tip("abandoned_share", "Given up", format=".1%"),
    ]
    target = {"datum": answer.question.target_share, "type": "quantitative"}
    chosen = {"transform": [{"filter": "datum.chosen"}], "encoding": {"x": x, "y": y, "color": _label("Chosen")}}
    layers: list[Spec] = [
        {"mark": {**LINE, "point": True}, "encoding": {"x": x, "y": y, "color": _label("In time"), "tooltip": tips}},
        {"mark": {"type": "rule", "strokeDash": [5, 3]}, "encoding": {"y": target, "color": _label("Target")}},
        {"mark": {"type": "point", "size": 140, "strokeWidth": 3}, **chosen},
    ]
    spec = _framed(values, layers, ("In time", "Target", "Chosen"), ("@chart-1", "@chart-4", "@chart-2"))
    cells = tuple(
        (
            figures.number(point.agents),
            figures.share(point.level_share),
            figures.seconds(point.mean_wait_minutes),
            figures.share(point.occupancy_share),
            figures.share(point.abandoned_share),
        )
        for point in answer.curve
    )
    return Chart(spec, ("Agents", "In time", "Mean wait", "Occupancy", "Given up"), cells)


def horizon(rows: Sequence[Any], unit: str = "") -> Chart:  # noqa: ARG001 - every chart takes a unit
    """How far off forecasts were by how far ahead: their error, and that of repeating the last week."""
    values = [
        {
            "ahead": int(row.group),
            "error": row.wape_share,
            "naive": row.wape_share / row.against_naive if row.wape_share and row.against_naive else None,
        }
        for row in rows
    ]
    x: Spec = {"field": "ahead", "type": "quantitative", "title": "weeks ahead"}
    x["axis"] = {"tickMinStep": 1, "format": "d"}
    x["scale"] = {"zero": False, "nice": False, "padding": 12}
    tips = [
        _tip("ahead", "Weeks ahead", format="d"),
        _tip("error", "Error", format=".1%"),
        _tip("naive", "Error of the last week repeated", format=".1%"),
    ]

    def line(field: str, name: str, mark: Spec) -> Spec:
        y = {**_y(field), "axis": {"format": ".0%"}}
        return _where(values, field, {**LINE, **mark, "point": True}, {"x": x, "y": y, "color": _label(name)})

    layers = [
        line("error", "Forecast", {}),
        line("naive", "Last week repeated", {"strokeDash": [5, 3]}),
        _hover(x, tips),
    ]
    names, colours = ("Forecast", "Last week repeated"), ("@chart-1", "@chart-4")
    spec = _framed(values, [layer for layer in layers if layer], names, colours)
    cells = tuple(
        (str(value["ahead"]), figures.share(value["error"]), figures.share(value["naive"])) for value in values
    )
    return Chart(spec, ("Weeks ahead", "Error", "Error of the last week repeated"), cells)


def today(rows: Sequence[Any], unit: str = "units") -> Chart:
    """Half-hours of a day: bars of what came, the forecast as a dashed line, what is expected now as a line."""
    values = [_plain(row, ("local_start", "expected_units", "came_units", "now_units")) for row in rows]
    busy = [i for i, value in enumerate(values) if value["now_units"] > LEAST_SHOWN_UNITS or value["came_units"]]
    values = values[busy[0] : busy[-1] + 1] if busy else values
    axis = {"labelAngle": 0, "title": None, "labelOverlap": "greedy"}
    x = {"field": "local_start", "type": "ordinal", "sort": None, "axis": axis}
    tips = [
        {"field": "local_start", "type": "nominal", "title": "Starts"},
        _tip("came_units", "Came"),
        _tip("expected_units", "Forecast"),
        _tip("now_units", "Expected now"),
    ]
    came = {"x": x, "y": _y("came_units", f"{unit} per half-hour"), "color": _label("Came")}
    forecast = {"x": x, "y": _y("expected_units"), "color": _label("Forecast")}
    now = {"x": x, "y": _y("now_units"), "color": _label("Expected now")}
    layers = [
        _where(values, "came_units", {"type": "bar", "cornerRadiusEnd": 2}, came),
        _where(values, "expected_units", {**LINE, "strokeDash": [5, 3]}, forecast),
        _where(values, "now_units", LINE, now),
        _hover(x, tips),
    ]
    names = ("Came", "Forecast", "Expected now")
    spec = _framed(values, [layer for layer in layers if layer], names, ("@chart-band", "@chart-2", "@chart-1"))
    fields = ("came_units", "expected_units", "now_units")
    cells = tuple((str(row["local_start"]), *(figures.number(row[n], 1) for n in fields)) for row in values)
    return Chart(spec, ("Starts", *names), cells)


CHARTS: dict[str, Callable[..., Chart]] = {
    "fan": fan,
    "need": need,
    "intervals": intervals,
    "levels": levels,
    "horizon": horizon,
    "today": today,
}


def _framed(values: Sequence[Row], layers: list[Spec], names: Sequence[str], colours: Sequence[str]) -> Spec:
    scale = {"domain": list(names), "range": list(colours)}
    for layer in layers:
        colour = layer["encoding"].get("color")
        if colour:
            colour["scale"] = scale
    _share_unit(layers)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": 220,
        "autosize": {"type": "fit", "contains": "padding", "resize": True},
        "data": {"values": list(values)},
        "layer": layers,
        "config": THEME,
    }


def _share_unit(layers: list[Spec]) -> None:
    """Let the unit that one layer names stand at the axis: one layer that says "no title" would hide it."""
    heights = [layer["encoding"]["y"] for layer in layers if "y" in layer["encoding"]]
    unit = next((height["title"] for height in heights if height.get("title")), None)
    for height in heights:
        height["title"] = unit


def _where(values: Sequence[Row], field: str, mark: Spec, encoding: Spec) -> Spec:
    """A layer over the rows that have a field; nothing at all where none has."""
    if all(value[field] is None for value in values):
        return {}
    return {"mark": mark, "transform": [{"filter": f"isValid(datum.{field})"}], "encoding": encoding}


def _between(values: Sequence[Row], x: Spec, low: str, high: str, name: str, tips: list[Spec]) -> Spec:
    """Bars from one field to another where they differ; nothing at all where none does."""
    if not any(value[high] - value[low] > LEAST_SHOWN_HOURS for value in values):
        return {}
    return {
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "transform": [{"filter": f"datum.{high} - datum.{low} > {LEAST_SHOWN_HOURS}"}],
        "encoding": {"x": x, "y": _y(low), "y2": {"field": high}, "color": _label(name), "tooltip": tips},
    }


def _hover(x: Spec, tips: list[Spec]) -> Spec:
    return {
        "mark": {"type": "rule", "opacity": 0, "strokeWidth": 14, "color": "@chart-5"},
        "encoding": {"x": x, "tooltip": tips},
    }


def _y(field: str, title: str | None = None) -> Spec:
    return {"field": field, "type": "quantitative", "title": title, "axis": {"format": "~s"}}


def _label(name: str) -> Spec:
    return {"datum": name, "type": "nominal"}


def _tip(field: str, title: str, kind: str = "quantitative", format: str = "") -> Spec:
    return {
        "field": field,
        "type": kind,
        "title": title,
        "format": format or ("%-d %b %Y" if kind == "temporal" else ",.1f"),
    }


def _plain(row: Any, fields: Sequence[str]) -> dict[str, Any]:
    known: Row = asdict(row) if is_dataclass(row) and not isinstance(row, type) else row
    return {name: _json(known.get(name)) for name in fields}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()  # wall-clock time: the browser must not move it to its own zone
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00"
    return float(value) if isinstance(value, Decimal) else value


def _with_weeks(rows: Sequence[Any], values: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {**value, "_week": getattr(row, "week_on", None) or row["week_on"]}
        for row, value in zip(rows, values, strict=True)
    ]
