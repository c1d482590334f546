"""The form in which a run's numbers are kept, and the digests that tell two runs apart."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.demand.compute.grouping import History
from closeknit.rooms.demand.contracts import STATISTICAL, EventEffect, ForecastKey, Grain, Panel

FloatArray = NDArray[np.float64]

_INSTANTS = {"local_starts": "datetime64[m]", "week_on": "datetime64[D]"}
_WORDS = ("methods", "reasons", "total_methods", "total_reasons")
_PLAIN = (
    "wape_share",
    "mean",
    "weekly_mean",
    "weekly_quantiles",
    "total_of_series",
    "total_mean",
    "total_quantiles",
    "total_weekly_mean",
    "total_weekly_quantiles",
)


def pack(levels: FloatArray, panels: Sequence[Panel]) -> bytes:
    """Write panels as one compressed archive of arrays. What people did not change is written once."""
    arrays: dict[str, Any] = {"levels": levels, "grains": np.array([p.grain.value for p in panels], dtype=np.str_)}
    for number, panel in enumerate(panels):
        key_fields = [[k.service, k.region, k.work_class, k.tier, k.account_number] for k in panel.keys]
        arrays[f"{number}.keys"] = np.array(key_fields, dtype=np.str_).reshape(len(panel.keys), 5)
        arrays[f"{number}.total_keys"] = np.array(panel.total_keys, dtype=np.str_).reshape(-1, 2)
        arrays[f"{number}.events"] = np.array(json.dumps([astuple(event) for event in panel.events]))
        for name in _WORDS:
            arrays[f"{number}.{name}"] = np.array(getattr(panel, name), dtype=np.str_)
        for name, kind in _INSTANTS.items():
            arrays[f"{number}.{name}"] = getattr(panel, name).astype(kind).astype(np.int64)
        for name in _PLAIN:
            arrays[f"{number}.{name}"] = getattr(panel, name)
        for name in _changed(panel):
            arrays[f"{number}.{name}"] = getattr(panel, name)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpack(archive: bytes) -> tuple[FloatArray, tuple[Panel, ...]]:
    """Read what `pack` wrote, now or in an earlier form: what a run of then does not have stays empty."""
    with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
        panels = tuple(_unpack_panel(arrays, i, Grain(str(grain))) for i, grain in enumerate(arrays["grains"]))
        return arrays["levels"], panels


def _unpack_panel(arrays: Mapping[str, Any], number: int, grain: Grain) -> Panel:
    there = {name for name in (*_WORDS, *STATISTICAL, "events") if f"{number}.{name}" in arrays}
    words: dict[str, Any] = {name: tuple(map(str, arrays[f"{number}.{name}"])) for name in _WORDS if name in there}
    statistical = {name: arrays[f"{number}.{name}"] for name in STATISTICAL if name in there}
    events = json.loads(str(arrays[f"{number}.events"])) if "events" in there else []
    return Panel(
        grain=grain,
        keys=tuple(ForecastKey(*map(str, row)) for row in arrays[f"{number}.keys"]),
        total_keys=tuple((str(s), str(r)) for s, r in arrays[f"{number}.total_keys"]),
        events=tuple(EventEffect(*event) for event in events),
        **words,
        **{name: arrays[f"{number}.{name}"].astype(kind) for name, kind in _INSTANTS.items()},
        **{name: arrays[f"{number}.{name}"] for name in _PLAIN},
        **statistical,
    )


def history_digest(history: History) -> str:
    """Return a SHA-256 over what a forecast was made from."""
    sha = hashlib.sha256(repr((history.grain.value, history.keys)).encode())
    sha.update(history.local_starts.astype("datetime64[m]").astype("<i8").tobytes())
    sha.update(np.ascontiguousarray(history.quantities, dtype="<f8").tobytes())
    return sha.hexdigest()


def result_digest(panels: Sequence[Panel]) -> str:
    """Return a SHA-256 over all keys and numbers: the same result gives the same digest."""
    sha = hashlib.sha256()
    for panel in panels:
        sha.update(repr((panel.grain.value, panel.keys, panel.methods, panel.total_keys, panel.events)).encode())
        for name in (*_PLAIN, *_changed(panel)):
            sha.update(np.ascontiguousarray(getattr(panel, name), dtype="<f8").tobytes())
    return sha.hexdigest()


def _changed(panel: Panel) -> list[str]:
    """The statistical numbers that are not the final ones."""
    return [
        name
        for name, final in STATISTICAL.items()
        if getattr(panel, name) is not getattr(panel, final)
        and not np.array_equal(getattr(panel, name), getattr(panel, final))
    ]
