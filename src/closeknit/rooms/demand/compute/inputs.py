"""All that a forecast run is made from, and the form in which it is kept, so that the run can be made again."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from closeknit.kernel.canonical import canonical_bytes
from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.demand.compute.calendar import Occasion
from closeknit.rooms.demand.compute.grouping import History
from closeknit.rooms.demand.contracts import Adjustment, Grain
from closeknit.rooms.sensing.contracts import SeriesKey


@dataclass(frozen=True, slots=True)
class Source:
    """A history and the zone on whose wall clock it was read."""

    history: History
    zone: str


@dataclass(frozen=True, slots=True)
class ForecastInputs:
    """Everything that decides a run's numbers.

    `tiers` of accounts with work; `own_from`: from how much work on an account has its own series, where that is not
    the default; `best_tiers` get every method; `occasions` are holidays and events; `adjustments` what people changed.
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
    arrays: dict[str, Any] = {"header": np.frombuffer(_header(inputs), dtype=np.uint8)}
    for number, source in enumerate(inputs.sources):
        arrays[f"{number}.local_starts"] = source.history.local_starts.astype("datetime64[m]").astype(np.int64)
        arrays[f"{number}.quantities"] = _narrow(source.history.quantities)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpack_inputs(archive: bytes) -> ForecastInputs:
    """Read what `pack_inputs` wrote."""
    with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
        header = msgspec.json.decode(arrays["header"].tobytes(), type=_Header)
        sources = tuple(
            Source(
                History(
                    about.grain,
                    about.keys,
                    arrays[f"{number}.local_starts"].astype("datetime64[m]"),
                    arrays[f"{number}.quantities"].astype(np.float64),
                ),
                about.zone,
            )
            for number, about in enumerate(header.sources)
        )
    plain = {name: getattr(header, name) for name in _PLAIN}
    return ForecastInputs(**plain, tiers=header.tiers, own_from=header.own_from, sources=sources)


def inputs_digest(inputs: ForecastInputs) -> str:
    """Return a SHA-256 over all inputs: equal inputs are the same snapshot."""
    sha = hashlib.sha256(_header(inputs))
    for source in inputs.sources:
        sha.update(source.history.local_starts.astype("datetime64[m]").astype("<i8").tobytes())
        sha.update(np.ascontiguousarray(source.history.quantities, dtype="<f8").tobytes())
    return sha.hexdigest()


def _header(inputs: ForecastInputs) -> bytes:
    plain = {name: getattr(inputs, name) for name in _PLAIN}
    about = tuple(_About(s.history.grain, s.zone, s.history.keys) for s in inputs.sources)
    return canonical_bytes(_Header(**plain, tiers=dict(inputs.tiers), own_from=dict(inputs.own_from), sources=about))


def _narrow(values: NDArray[np.float64]) -> NDArray[Any]:
    """Whole numbers take a tenth of the room; anything else keeps every bit."""
    if values.size and np.abs(values).max() < 2**31 and np.array_equal(values, np.rint(values)):
        return values.astype(np.int32)
    return values
