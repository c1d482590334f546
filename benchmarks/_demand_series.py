"""The series that forecasts are measured on: simulated ones, and those of a folder of shared sets where it is there.

The last tenth of each set is held out; every choice is made on what lies before. M4 weekly and hourly are read from
`m4/NAME-train.csv` and `m4/NAME-test.csv` of the folder, as the competition published them, and left out where absent.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._engine_peers import NoPeer, ask

HELD_OUT = 0.1
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SeriesSet:
    """Series of one length: what is known, and what came."""

    name: str
    season_periods: int
    history: FloatArray
    actual: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """A peer's forecasts [series, period] of the first series, its intervals' ends where asked for, and its seconds."""

    mean: FloatArray
    low: FloatArray
    high: FloatArray
    cpu: float


def ask_all(
    sets: list[SeriesSet], models: Sequence[str], seconds: float, home: Path, interval: int = 0
) -> dict[tuple[str, str], Told]:
    """What each model says of each set, by their names: one process for all, for it takes long to load.

    What it could not do is left out, with a word.
    """
    given = [
        {"history": one.history.tolist(), "season": one.season_periods, "horizon": one.actual.shape[1]} for one in sets
    ]
    problem = {"sets": given, "models": list(models), "seconds": seconds, "interval": interval}
    try:
        answers = iter(ask("_peer_demand", "forecast_all", problem, home)["answers"])
    except NoPeer as reason:
        print(f"statsforecast was not run: {reason}")
        return {}
    found = {}
    for one in sets:
        for model in models:
            answer = next(answers)
            if "failed" in answer:
                print(f"{model} could not forecast {one.name}: {answer['failed']}")
                continue
            low, high = (np.array(answer.get(f"{end}-{interval}", [])) for end in ("lo", "hi"))
            found[one.name, model] = Told(np.array(answer["forecast"]), low, high, answer["cpu"])
    return found


def simulated(series: int, periods: int = 365) -> SeriesSet:
    """Daily series with a week's season, a wandering level and noise; 14 days held out."""
    rng = np.random.default_rng(1)
    season = rng.normal(0.0, 10.0, (series, 7))[:, np.arange(periods + 14) % 7]
    level = 100.0 + np.cumsum(rng.normal(0.0, 0.5, (series, periods + 14)), axis=1)
    values = np.maximum(level + season + rng.normal(0.0, 5.0, season.shape), 0.0)
    return SeriesSet("simulated, daily", 7, values[:, :periods], values[:, periods:])


def shared(folder: Path) -> Iterator[SeriesSet]:
    """The shared sets that are there."""
    for read in (_calls_by_day, _bank_calls, _retail, _requests, _incidents):
        try:
            yield read(folder)
        except FileNotFoundError as missing:
            print(f"left out, not there: {Path(str(missing.filename)).name}")
    for name, season in (("Weekly", 52), ("Hourly", 24)):
        yield from _m4(folder / "m4", name, season)


def _split(name: str, season: int, values: FloatArray) -> SeriesSet:
    ahead = max(round(values.shape[1] * HELD_OUT), 1)
    return SeriesSet(name, season, values[:, :-ahead].copy(), values[:, -ahead:].copy())


def _read(path: Path, columns: list[str]) -> dict[str, NDArray[Any]]:
    import pyarrow.parquet

    if not path.is_file():
        raise FileNotFoundError(2, "no such file", str(path))
    table = pyarrow.parquet.read_table(path, columns=columns)
    return {name: np.array(table.column(name).to_pylist()) for name in columns}


def _calls_by_day(folder: Path) -> SeriesSet:
    calls = _read(folder / "contact_center" / "daily_kpi.parquet", ["incoming_calls"])["incoming_calls"]
    return _split("contact centre, calls a day", 7, calls[None].astype(np.float64))


def _bank_calls(folder: Path) -> SeriesSet:
    """Sums of 65 minutes, 13 a day: the day has 169 intervals of five minutes."""
    calls = _read(folder / "contact_center" / "bank_calls_5min.parquet", ["calls"])["calls"]
    return _split("bank, calls in 65 minutes", 13, calls.reshape(1, -1, 13).sum(axis=2).astype(np.float64))


def _retail(folder: Path) -> SeriesSet:
    """Units a day of the 200 products sold on most days; six days a week, days without any sale are closed."""
    rows = _read(
        folder / "online_retail" / "online_retail.parquet", ["StockCode", "Quantity", "UnitPrice", "InvoiceDate"]
    )
    sold = (rows["Quantity"] > 0) & (rows["UnitPrice"] > 0.0)
    day = rows["InvoiceDate"].astype("datetime64[D]")[sold]
    table = _table(rows["StockCode"][sold], day, rows["Quantity"][sold].astype(np.float64))
    # Closed days leave the table, so that a season is the six days on which there is trade.
    table = table[:, table.sum(axis=0) > 0.0]
    often = np.argsort(-np.count_nonzero(table[:, : int(0.9 * table.shape[1])], axis=1), kind="stable")[:200]
    return _split("retail, units a day by product", 6, table[often])


def _requests(folder: Path) -> SeriesSet:
    """Requests a day of the eight busiest agencies (a sample of the city's, so small counts)."""
    rows = _read(folder / "baltimore_311" / "service_requests.parquet", ["Agency", "CreatedDate"])
    return _busiest("city requests a day by agency", rows["Agency"], rows["CreatedDate"], 8)


def _incidents(folder: Path) -> SeriesSet:
    """Incidents opened a day, by the twenty busiest categories; the log has a row per update."""
    rows = _read(folder / "incidents_servicenow" / "incident_event_log.parquet", ["number", "category", "opened_at"])
    _, one = np.unique(rows["number"], return_index=True)
    return _busiest("incidents opened a day by category", rows["category"][one], rows["opened_at"][one], 20)


def _busiest(name: str, group: NDArray[Any], at: NDArray[Any], most: int) -> SeriesSet:
    table = _table(group.astype(str), at.astype("datetime64[D]"), np.ones(group.size))
    early = table[:, : int(0.9 * table.shape[1])].sum(axis=1)
    return _split(name, 7, table[np.argsort(-early, kind="stable")[:most]])


def _table(group: NDArray[Any], day: NDArray[Any], amount: FloatArray) -> FloatArray:
    """[group, day]: sums of every day from the first to the last."""
    names, row = np.unique(group.astype(str), return_inverse=True)
    column = (day - day.min()).astype(np.int64)
    table = np.zeros((names.size, int(column.max()) + 1))
    np.add.at(table, (row, column), amount)
    return table


def _m4(folder: Path, name: str, season: int) -> Iterator[SeriesSet]:
    """The series of a frequency that share the commonest length, so that they are one matrix."""
    train, test = folder / f"{name}-train.csv", folder / f"{name}-test.csv"
    if not (train.is_file() and test.is_file()):
        print(f"left out, not there: M4 {name.lower()}")
        return
    past, came = _rows(train), _rows(test)
    lengths, counts = np.unique([len(row) for row in past.values()], return_counts=True)
    keep = [key for key, row in past.items() if len(row) == lengths[np.argmax(counts)]]
    yield SeriesSet(f"M4 {name.lower()}", season, np.array([past[k] for k in keep]), np.array([came[k] for k in keep]))


def _rows(path: Path) -> dict[str, list[float]]:
    with path.open(newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        return {row[0]: [float(value) for value in row[1:] if value] for row in rows}
