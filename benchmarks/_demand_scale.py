"""Many series at once: forecast with quantiles, made to agree with their sums, and stored; time and memory by size.

The tree: one company, 10 regions, products in regions, at the bottom 100 customers of each, 104 weeks long, some
sparse. Chunks of branches run by `map_chunks`, on as many processes as there are cores.
"""

import io
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks._report import show
from benchmarks._scratch import scratch
from closeknit.engine.forecasting import forecast_demand, hierarchy_of_parents, reconcile
from closeknit.kernel.chunks import Spread, map_chunks

REGIONS, LEAVES_OF_PRODUCT, PRODUCTS_OF_CHUNK = 10, 100, 20
WEEKS, HORIZON = 104, 13
LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
SIZES = (25_000, 100_000)
AIM_SECONDS, AIM_GIGABYTES = 300.0, 4.0
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Made:
    """A chunk's forecast: `mean` [series, week], `quantiles` [level, series, week]; and of its products' sums."""

    mean: FloatArray
    quantiles: FloatArray
    sums: FloatArray


def histories(products: int, seed: int) -> FloatArray:
    """Simulate the customers of some products: [customer, week], a year's swing, levels from 0.05 to 100 a week."""
    rng = np.random.default_rng(seed)
    level = rng.lognormal(1.0, 1.6, products * LEAVES_OF_PRODUCT).clip(0.05, 100.0)
    week = np.arange(WEEKS)
    swing = 1.0 + 0.25 * np.sin(2.0 * np.pi * (week[None, :] - rng.uniform(0, 52, products).repeat(100)[:, None]) / 52)
    return rng.poisson(level[:, None] * swing).astype(np.float64)


def forecast_chunk(seed: int) -> Made:
    """Forecast a chunk's customers and, each from its own history, its products' sums."""
    leaves = histories(PRODUCTS_OF_CHUNK, seed)
    sums = leaves.reshape(PRODUCTS_OF_CHUNK, LEAVES_OF_PRODUCT, WEEKS).sum(axis=1)
    done = _forecast(np.vstack([leaves, sums]))
    return Made(done.mean, done.quantiles, sums)


def _forecast(history: FloatArray) -> "Made":
    done = forecast_demand(history, (1,), HORIZON, LEVELS, n_windows=4)
    return Made(done.mean, done.quantiles, history)


def run(size: int, workers: int) -> tuple[float, float, float, float]:
    """Do the whole of it for so many series; return seconds in all, of forecasting, of agreeing, of storing."""
    chunks = size // (PRODUCTS_OF_CHUNK * LEAVES_OF_PRODUCT)
    started = time.perf_counter()
    made = list(map_chunks(forecast_chunk, range(chunks), spread=Spread("processes", workers)))
    products = np.vstack([part.sums for part in made])
    regions = products.reshape(REGIONS, -1, WEEKS).sum(axis=1)
    top = _forecast(np.vstack([regions.sum(axis=0)[None], regions]))
    forecast_at = time.perf_counter()
    agreed = _agreed(top, made)
    agreed_at = time.perf_counter()
    _store(agreed)
    ended = time.perf_counter()
    return ended - started, forecast_at - started, agreed_at - forecast_at, ended - agreed_at


def _agreed(top: Made, made: list[Made]) -> tuple[FloatArray, FloatArray]:
    """Means of all nodes that add up, and their quantiles moved with them: the less certain a node, the more."""
    split = PRODUCTS_OF_CHUNK * LEAVES_OF_PRODUCT
    mean = np.vstack([top.mean, *(m.mean[split:] for m in made), *(m.mean[:split] for m in made)])
    parts = [top.quantiles, *(m.quantiles[:, split:] for m in made), *(m.quantiles[:, :split] for m in made)]
    quantiles = np.concatenate(parts, axis=1)
    products = PRODUCTS_OF_CHUNK * len(made)
    region_of_product = 1 + np.arange(products) // (products // REGIONS)
    product_of_leaf = 1 + REGIONS + np.arange(products).repeat(LEAVES_OF_PRODUCT)
    parents = np.concatenate([[-1], np.zeros(REGIONS, dtype=np.int64), region_of_product, product_of_leaf])
    spread = ((quantiles[-1] - quantiles[0]).mean(axis=1) / 2.563) ** 2
    coherent = reconcile(mean, hierarchy_of_parents(parents), np.maximum(spread, 1e-6), non_negative=True).values
    quantiles += (coherent - mean)[None]
    np.maximum(quantiles, 0.0, out=quantiles)
    return coherent, quantiles


def _store(agreed: tuple[FloatArray, FloatArray]) -> None:
    """Write all numbers to PostgreSQL, some thousand series a row, compressed; read them back and compare."""
    from django.db import connection

    mean, quantiles = agreed
    with connection.cursor() as cursor:
        cursor.execute("create temporary table numbers (part integer primary key, archive bytea not null)")
        for part, archive in enumerate(_archives(mean, quantiles)):
            cursor.execute("insert into numbers values (%s, %s)", [part, archive])
        cursor.execute("select archive from numbers order by part")
        read = [np.load(io.BytesIO(bytes(row[0]))) for row in cursor.fetchall()]
        cursor.execute("drop table numbers")
    if not np.array_equal(np.vstack([part["mean"] for part in read]), mean):
        raise SystemExit("What was stored is not what was forecast.")


def _archives(mean: FloatArray, quantiles: FloatArray, rows: int = 5000) -> Iterator[bytes]:
    for start in range(0, mean.shape[0], rows):
        buffer = io.BytesIO()
        np.savez(buffer, mean=mean[start : start + rows], quantiles=quantiles[:, start : start + rows])
        yield buffer.getvalue()


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Measure each size and print the table."""
    workers = os.cpu_count() or 1
    rows = []
    with scratch():
        list(map_chunks(forecast_chunk, range(workers), spread=Spread("processes", workers)))
        for size in sizes:
            total, forecasting, agreeing, storing = run(size, workers)
            own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            most = (own + workers * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1e6
            times = (total, forecasting, agreeing, storing)
            each = f"{1e3 * total / size:.2f}"
            rows.append((f"{size:,}", *(f"{value:.1f}" for value in times), each, f"{most:.2f}"))
    headings = ("series", "s", "forecasting", "agreeing", "storing", "ms a series", "GB at most")
    show(f"Series of {WEEKS} weeks, {HORIZON} ahead, {len(LEVELS)} quantiles, {workers} processes", headings, rows)
    print(f"\nAim: 100,000 in {AIM_SECONDS:.0f} s and {AIM_GIGABYTES:.0f} GB, and the same time a series at each size.")


if __name__ == "__main__":
    main()
