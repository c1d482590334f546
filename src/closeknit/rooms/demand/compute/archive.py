"""The form in which a run's numbers are kept, and the digests that tell two runs apart."""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.demand.compute.grouping import History
from closeknit.rooms.demand.contracts import STATISTICAL, EventEffect, ForecastKey, Grain, NodeName, Panel

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
_OF_NODES = ("node_weekly_mean", "node_weekly_quantiles")
SERIES_OF_PIECE = 4096
OF_SERIES = (
    "keys",
    "methods",
    "reasons",
    "wape_share",
    "total_of_series",
    *(name for pair in STATISTICAL.items() for name in pair if not pair[1].startswith(("total_", "node_"))),
)
"""What a panel has by series; all else is of sums or of the whole."""
_OF_SUMS = (
    "total_keys",
    "total_methods",
    "total_reasons",
    "events",
    "node_names",
    "node_weekly_quantiles",
    *(name for pair in STATISTICAL.items() for name in pair if pair[1].startswith(("total_", "node_"))),
)
_BY_LEVEL = frozenset(name for pair in STATISTICAL.items() for name in pair if "quantiles" in name) | {
    "node_weekly_quantiles"
}


def pack(levels: FloatArray, panels: Sequence[Panel]) -> bytes:
    """Write panels as one compressed archive of arrays. What people did not change is written once."""
    arrays: dict[str, Any] = {"levels": levels, "grains": np.array([p.grain.value for p in panels], dtype=np.str_)}
    for number, panel in enumerate(panels):
        key_fields = [[k.service, k.region, k.work_class, k.tier, k.account_number] for k in panel.keys]
        arrays[f"{number}.keys"] = np.array(key_fields, dtype=np.str_).reshape(len(panel.keys), 5)
        arrays[f"{number}.total_keys"] = np.array(panel.total_keys, dtype=np.str_).reshape(-1, 2)
        arrays[f"{number}.events"] = np.array(json.dumps([astuple(event) for event in panel.events]))
        arrays[f"{number}.node_names"] = np.array(json.dumps([astuple(name) for name in panel.node_names]))
        for name in _WORDS:
            arrays[f"{number}.{name}"] = _texts(getattr(panel, name))
        for name, kind in _INSTANTS.items():
            arrays[f"{number}.{name}"] = getattr(panel, name).astype(kind).astype(np.int64)
        for name in (*_PLAIN, *_OF_NODES, *_changed(panel)):
            arrays[f"{number}.{name}"] = getattr(panel, name)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def pack_pieces(levels: FloatArray, panels: Sequence[Panel], series: int = SERIES_OF_PIECE) -> Iterator[bytes]:
    """Write panels as archives of so many series each, one by one, so that the largest run needs no more room."""
    first = True
    for panel in panels:
        for start in range(0, max(len(panel.keys), 1), series):
            yield pack(levels, [_cut(panel, slice(start, start + series), with_sums=start == 0)])
            first = False
    if first:
        yield pack(levels, [])


def unpack(archive: bytes) -> tuple[FloatArray, tuple[Panel, ...]]:
    """Read what `pack` wrote, now or in an earlier form: what a run of then does not have stays empty."""
    with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
        panels = tuple(_unpack_panel(arrays, i, Grain(str(grain))) for i, grain in enumerate(arrays["grains"]))
        return arrays["levels"], panels


def unpack_pieces(archives: Iterable[bytes]) -> tuple[FloatArray, tuple[Panel, ...]]:
    """Read what `pack_pieces` wrote, or the one archive of an earlier run."""
    by_grain: dict[Grain, list[Panel]] = {}
    levels: FloatArray = np.zeros(0)
    for archive in archives:
        levels, panels = unpack(archive)
        for panel in panels:
            by_grain.setdefault(panel.grain, []).append(panel)
    return levels, tuple(_joined(pieces) for pieces in by_grain.values())


def _cut(panel: Panel, rows: slice, *, with_sums: bool) -> Panel:
    """Some series of a panel; its sums are with the first ones."""
    kept: dict[str, Any] = {
        name: getattr(panel, name)[(slice(None), rows) if name in _BY_LEVEL else rows] for name in OF_SERIES
    }
    if not with_sums:
        kept |= {
            name: getattr(panel, name)[(slice(None), slice(0)) if name in _BY_LEVEL else slice(0)] for name in _OF_SUMS
        }
    # A statistical number that is the final one stays the same array, by which it is known.
    for statistical, final in STATISTICAL.items():
        if final in kept and getattr(panel, statistical) is getattr(panel, final):
            kept[statistical] = kept[final]
    return replace(panel, **kept)


def _joined(pieces: Sequence[Panel]) -> Panel:
    if len(pieces) == 1:
        return pieces[0]
    joined: dict[str, Any] = {}
    for name in OF_SERIES:
        parts = [getattr(piece, name) for piece in pieces]
        if isinstance(parts[0], tuple):
            joined[name] = tuple(one for part in parts for one in part)
        else:
            joined[name] = np.concatenate(parts, axis=1 if name in _BY_LEVEL else 0)
    for statistical, final in STATISTICAL.items():
        if final in joined and all(getattr(p, statistical) is getattr(p, final) for p in pieces):
            joined[statistical] = joined[final]
    return replace(pieces[0], **joined)


def _texts(texts: Sequence[str]) -> Any:
    """Texts as bytes: four times smaller than an array of them, whose every element is as long as the longest."""
    return np.frombuffer(msgspec.json.encode(texts), dtype=np.uint8)


def _as_texts(stored: Any) -> tuple[str, ...]:
    if stored.dtype == np.uint8:
        return msgspec.json.decode(stored.tobytes(), type=tuple[str, ...])
    return tuple(map(str, stored))


def _unpack_panel(arrays: Mapping[str, Any], number: int, grain: Grain) -> Panel:
    optional = (*_WORDS, *STATISTICAL, *_OF_NODES, "events", "node_names")
    there = {name for name in optional if f"{number}.{name}" in arrays}
    words: dict[str, Any] = {name: _as_texts(arrays[f"{number}.{name}"]) for name in _WORDS if name in there}
    given = {name: arrays[f"{number}.{name}"] for name in (*STATISTICAL, *_OF_NODES) if name in there}
    events = json.loads(str(arrays[f"{number}.events"])) if "events" in there else []
    named = json.loads(str(arrays[f"{number}.node_names"])) if "node_names" in there else []
    return Panel(
        grain=grain,
        keys=tuple(ForecastKey(*row) for row in arrays[f"{number}.keys"].tolist()),
        total_keys=tuple((str(s), str(r)) for s, r in arrays[f"{number}.total_keys"]),
        events=tuple(EventEffect(*event) for event in events),
        node_names=tuple(
            NodeName(service, region, work_class, tier, tuple(totals))
            for service, region, work_class, tier, totals in named
        ),
        **words,
        **{name: arrays[f"{number}.{name}"].astype(kind) for name, kind in _INSTANTS.items()},
        **{name: arrays[f"{number}.{name}"] for name in _PLAIN},
        **given,
    )


def history_digest(history: History) -> str:
    """Return a SHA-256 over what a forecast was made from."""
    sha = hashlib.sha256(repr((history.grain.value, history.keys)).encode())
    sha.update(history.local_starts.astype("datetime64[m]").astype("<i8").tobytes())
    sha.update(np.ascontiguousarray(history.quantities, dtype="<f8").tobytes())
    return sha.hexdigest()


def archive_digest(archive: bytes) -> str:
    """Return an archive's SHA-256: one that was lost, moved or altered since it was stored is noticed by it."""
    return hashlib.sha256(archive).hexdigest()


def result_digest(panels: Sequence[Panel]) -> str:
    """Return a SHA-256 over all keys and numbers: the same result gives the same digest."""
    sha = hashlib.sha256()
    for panel in panels:
        sha.update(repr((panel.grain.value, panel.keys, panel.methods, panel.total_keys, panel.events)).encode())
        sha.update(repr(panel.node_names).encode())
        for name in (*_PLAIN, *_OF_NODES, *_changed(panel)):
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
