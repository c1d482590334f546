"""Tables of capacity, one file per subject."""

from closeknit.rooms.capacity.models.differences import PipelineDifference
from closeknit.rooms.capacity.models.plans import (
    ClaimWeekRow,
    Closure,
    Plan,
    Pool,
    PoolWeekRow,
    RosterLine,
)

__all__ = [
    "ClaimWeekRow",
    "Closure",
    "PipelineDifference",
    "Plan",
    "Pool",
    "PoolWeekRow",
    "RosterLine",
]
