"""From a plan's need and a pool's people to a roster: the bridge to the engine's rostering. Pure; no database.

Weeks are rostered one after another, each beside the ones before: so hours a week are a rule and not an average.
"""

from closeknit.rooms.capacity.compute.rosters.breaks import breaks_of
from closeknit.rooms.capacity.compute.rosters.folding import (
    PoolCells,
    cells_of,
    people_needed,
    retention_days,
    shifts_of,
    shifts_of_lines,
)
from closeknit.rooms.capacity.compute.rosters.inputs import (
    ROSTER_VERSION,
    LabourRules,
    RosterInputs,
    RosterStaff,
    RosterTold,
    roster_bytes,
    roster_digest,
    roster_inputs_of,
)
from closeknit.rooms.capacity.compute.rosters.making import make_roster, told_digest
from closeknit.rooms.capacity.compute.rosters.reasons import ask_why_not

__all__ = [
    "ROSTER_VERSION",
    "LabourRules",
    "PoolCells",
    "RosterInputs",
    "RosterStaff",
    "RosterTold",
    "ask_why_not",
    "breaks_of",
    "cells_of",
    "make_roster",
    "people_needed",
    "retention_days",
    "roster_bytes",
    "roster_digest",
    "roster_inputs_of",
    "shifts_of",
    "shifts_of_lines",
    "told_digest",
]
