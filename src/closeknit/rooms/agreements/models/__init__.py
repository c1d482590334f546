"""Tables of agreements, one file per subject."""

from closeknit.rooms.agreements.models.calendars import CalendarRow
from closeknit.rooms.agreements.models.chains import ChainRow
from closeknit.rooms.agreements.models.clocks import ClockBreach, ClockDay, ClockWarning, WorkEvent
from closeknit.rooms.agreements.models.contracts import ContractVersion
from closeknit.rooms.agreements.models.needs import NeedRow
from closeknit.rooms.agreements.models.setups import SetupTemplate
from closeknit.rooms.agreements.models.terms import Contract, TermRow
from closeknit.rooms.agreements.models.tolerances import BendRow

__all__ = [
    "BendRow",
    "CalendarRow",
    "ChainRow",
    "ClockBreach",
    "ClockDay",
    "ClockWarning",
    "Contract",
    "ContractVersion",
    "NeedRow",
    "SetupTemplate",
    "TermRow",
    "WorkEvent",
]
