"""Tables of capacity, one file per subject."""

from closeknit.rooms.capacity.models.differences import PipelineDifference
from closeknit.rooms.capacity.models.kept import KeptResult
from closeknit.rooms.capacity.models.plans import (
    ClaimWeekRow,
    Closure,
    Plan,
    Pool,
    PoolWeekRow,
    RosterLine,
)
from closeknit.rooms.capacity.models.quotes import Quote, QuoteEffect
from closeknit.rooms.capacity.models.rosters import Roster, StaffMember
from closeknit.rooms.capacity.models.scenarios import Scenario
from closeknit.rooms.capacity.models.shortage import ShortageRow, StaffMove
from closeknit.rooms.capacity.models.stock import StockItemRow, StockPartRow, StockPlan

__all__ = [
    "ClaimWeekRow",
    "Closure",
    "KeptResult",
    "PipelineDifference",
    "Plan",
    "Pool",
    "PoolWeekRow",
    "Quote",
    "QuoteEffect",
    "Roster",
    "RosterLine",
    "Scenario",
    "ShortageRow",
    "StaffMember",
    "StaffMove",
    "StockItemRow",
    "StockPartRow",
    "StockPlan",
]
