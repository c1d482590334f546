"""All that a forecast run is made from, and the form in which it is kept, so that the run can be made again."""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from closeknit.kernel.canonical import canonical_bytes
from closeknit.kernel.errors import Conflict
from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.demand.compute.calendar import Occasion
from closeknit.rooms.demand.compute.grouping import History, narrow
from closeknit.rooms.demand.contracts import Adjustment, Grain
from closeknit.rooms.sensing.contracts import SeriesKey

SERIES_OF_PIECE = 8192


@dataclass(frozen=True, slots=True)
class Source:
    """A history and the zone on whose wall clock it was read."""

    history: History
    zone: str


@dataclass(frozen=True, slots=True)
class ForecastInputs:
    """Everything that decides a run's numbers.

    `tiers` of accounts with work; `own_from`: from how much work on an account has its own series, where its tier
    alone does not say; `best_tiers` get every method; `occasions` are holidays and events; `adjustments` what people
    changed.
    """

    operation: str
    zone: str
    first_on: date
    weeks: int
    horizon_days: int
    tiers: Mapping[str, Tier]
    own_from: Mapping[str, float]
    best_tiers: tuple[Tier, ...]
    occasions: tuple[Occasion, ...]
    adjustments: tuple[Adjustment, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class _About:
    """What a history is about, without its numbers."""

    grain: Grain
    zone: str
    keys: tuple[SeriesKey, ...]


@dataclass(frozen=True, slots=True)
class _Header:
    """Inputs without numbers."""

    operation: str
    zone: str
    first_on: date
    weeks: int
    horizon_days: int
    tiers: dict[str, Tier]
    own_from: dict[str, float]
    best_tiers: tuple[Tier, ...]
    occasions: tuple[Occasion, ...]
    adjustments: tuple[Adjustment, ...]
    sources: tuple[_About, ...]


_PLAIN = tuple(field.name for field in fields(_Header) if field.name not in ("tiers", "own_from", "sources"))


def pack_inputs(inputs: ForecastInputs) -> bytes:
    """Write inputs as one compressed archive: a header in canonical JSON, and the histories as arrays."""
    (archive,) = pack_inputs_pieces(inputs, max([len(s.history.keys) for s in inputs.sources] or [0]) + 1, as_one=True)
    return archive


def pack_inputs_pieces(
    inputs: ForecastInputs, series: int = SERIES_OF_PIECE, *, as_one: bool = False
) -> Iterator[bytes]:
    """Write inputs as archives of so many series each, one by one; the first holds the header and the first series.

    `as_one`: all sources in the first.
    """
    arrays: dict[str, Any] = {"header": np.frombuffer(_header(inputs), dtype=np.uint8)}
    for number, source in enumerate(inputs.sources):
        arrays[f"{number}.local_starts"] = source.history.local_starts.astype("datetime64[m]").astype(np.int64)
        for start in range(0, max(len(source.history.keys), 1), series):
            arrays[f"{number}.quantities"] = narrow(source.history.quantities[start : start + series])
            if not as_one:
                yield _archive(arrays)
                arrays = {}
    if arrays:
        yield _archive(arrays)


def _archive(arrays: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpack_inputs(archive: bytes) -> ForecastInputs:
    """Read what `pack_inputs` wrote."""
    return unpack_inputs_pieces([archive])


def unpack_inputs_pieces(archives: Iterable[bytes]) -> ForecastInputs:
    """Read what `pack_inputs_pieces` wrote, or the one archive of an earlier run."""
    found: dict[str, list[NDArray[Any]]] = {}
    for archive in archives:
        with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
            for name in arrays.files:
                found.setdefault(name, []).append(arrays[name])
    header = msgspec.json.decode(found["header"][0].tobytes(), type=_Header)
    sources = tuple(
        Source(
            History(
                about.grain,
                about.keys,
                found[f"{number}.local_starts"][0].astype("datetime64[m]"),
                _stacked(found.pop(f"{number}.quantities", []), len(about.keys)),
            ),
            about.zone,
        )
        for number, about in enumerate(header.sources)
    )
    plain = {name: getattr(header, name) for name in _PLAIN}
    return ForecastInputs(**plain, tiers=header.tiers, own_from=header.own_from, sources=sources)


def _stacked(parts: list[NDArray[Any]], rows: int) -> NDArray[Any]:
    if sum(part.shape[0] for part in parts) != rows:
        raise Conflict(
            "A piece of what this forecast was made from is missing.",
            where="the snapshot",
            todo="Look for it in a copy of the database; another forecast can be made at once.",
        )
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def inputs_digest(inputs: ForecastInputs) -> str:
    """Return a SHA-256 over all inputs: equal inputs are the same snapshot, however narrow their numbers are kept."""
    sha = hashlib.sha256(_header(inputs))
    for source in inputs.sources:
        sha.update(source.history.local_starts.astype("datetime64[m]").astype("<i8").tobytes())
        for start in range(0, len(source.history.keys), SERIES_OF_PIECE):
            rows = source.history.quantities[start : start + SERIES_OF_PIECE]
            sha.update(np.ascontiguousarray(rows, dtype="<f8").tobytes())
    return sha.hexdigest()


def _header(inputs: ForecastInputs) -> bytes:
    plain = {name: getattr(inputs, name) for name in _PLAIN}
    about = tuple(_About(s.history.grain, s.zone, s.history.keys) for s in inputs.sources)
    return canonical_bytes(_Header(**plain, tiers=dict(inputs.tiers), own_from=dict(inputs.own_from), sources=about))
