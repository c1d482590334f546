"""What a plan is computed from, and its snapshot."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import msgspec

from closeknit.engine.queueing import compose_shrinkage
from closeknit.kernel.canonical import canonical_bytes
from closeknit.rooms.agreements.contracts import Term


@dataclass(frozen=True, slots=True)
class RosterInput:
    """Heads between two wall-clock minutes on one weekday, from a day on (to_on exclusive, None: open)."""

    weekday: int
    starts_minute: int
    ends_minute: int
    headcount: float
    from_on: date
    to_on: date | None


@dataclass(frozen=True, slots=True)
class PoolInput:
    """A pool as the plan takes it. Money per hour as text decimals; `handle_source` says where the time comes from."""

    pool: str
    name: str
    unit: str
    staffing: str
    services: tuple[str, ...]
    regions: tuple[str, ...]
    handle_minutes: float
    handle_source: str
    shrinkage_parts: tuple[str, ...]
    cost_per_hour: str
    overtime_cost_per_hour: str
    overtime_share_max: float
    time_zone: str
    roster: tuple[RosterInput, ...]
    closed_on: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """Everything a plan is computed from. Its canonical bytes are the plan's snapshot."""

    operation: str
    first_on: date
    weeks: int
    planning_quantile: float
    forecast_run_id: str
    forecast_digest: str
    tier_floor_multiples: dict[str, float]
    pools: tuple[PoolInput, ...]
    terms: tuple[Term, ...]


def snapshot_of(inputs: PlanInputs) -> bytes:
    """Return the canonical bytes of a plan's inputs."""
    return canonical_bytes(inputs)


def digest_of(snapshot: bytes) -> str:
    """Return the digest by which a snapshot is known."""
    return hashlib.sha256(snapshot).hexdigest()


def inputs_of(snapshot: bytes) -> PlanInputs:
    """Read a plan's inputs back from its snapshot, for replay."""
    return msgspec.json.decode(snapshot, type=PlanInputs)


def shrinkage_of(parts: Iterable[str]) -> Fraction:
    """Return the exact share of paid time lost to the parts together."""
    return compose_shrinkage(list(parts))
