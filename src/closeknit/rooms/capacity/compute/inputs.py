"""What a plan is computed from, and its snapshot."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
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
class GuaranteedHours:
    """Hours a week that a version of a contract guarantees an account of a tier at least; `ends_on` is exclusive."""

    contract_number: str
    version: int
    account_number: str
    tier: str
    service: str
    hours_per_week: float
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """Everything a plan is computed from. Its canonical bytes are the plan's snapshot.

    `terms` are the versions in force on any day of its weeks, each with its days; with `terms_by_week` each week is
    planned for those of its own days. Plans of before that, which are replayed as they were made, took those of their
    first day for all weeks. With `fewest_hours`, work that may wait asks the fewest hours of all weeks together, and a
    week without a roster is asked for on its workdays; plans of before that asked each week alone.
    """

    operation: str
    first_on: date
    weeks: int
    planning_quantile: float
    forecast_run_id: str
    forecast_digest: str
    tier_floor_multiples: dict[str, float]
    pools: tuple[PoolInput, ...]
    terms: tuple[Term, ...]
    terms_by_week: bool = False
    guarantees: tuple[GuaranteedHours, ...] = ()
    fewest_hours: bool = False


LATER_FIELDS = ("terms_by_week", "guarantees", "fewest_hours")
"""What snapshots of before did not state: left out where it says nothing, so that their digests stay what they were."""


def snapshot_of(inputs: PlanInputs) -> bytes:
    """Return the canonical bytes of a plan's inputs."""
    stated = {f.name: getattr(inputs, f.name) for f in fields(inputs)}
    return canonical_bytes({name: value for name, value in stated.items() if value or name not in LATER_FIELDS})


def digest_of(snapshot: bytes) -> str:
    """Return the digest by which a snapshot is known."""
    return hashlib.sha256(snapshot).hexdigest()


def inputs_of(snapshot: bytes) -> PlanInputs:
    """Read a plan's inputs back from its snapshot, for replay."""
    return msgspec.json.decode(snapshot, type=PlanInputs)


def shrinkage_of(parts: Iterable[str]) -> Fraction:
    """Return the exact share of paid time lost to the parts together."""
    return compose_shrinkage(list(parts))
