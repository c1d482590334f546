"""From a forecast, terms and rosters to a plan: the room's bridge to the engine. Pure; no database.

`make_plan` computes the need of every pool (queueing for what is answered as it arrives, earliest-due-date capacity
for what has a deadline), shares the hours among claimants at the least cost, and prices one more unit.
`summarise` turns the arrays into weeks, accounts and sentences.
"""

from closeknit.rooms.capacity.compute.differences import differs, nearer_to, pool_hours, project
from closeknit.rooms.capacity.compute.disclosure import (
    Disclosure,
    disclose,
    join,
    members_of,
    pack_members,
    spread,
    unpack_members,
)
from closeknit.rooms.capacity.compute.inputs import (
    PlanInputs,
    PoolInput,
    RosterInput,
    digest_of,
    inputs_of,
    shrinkage_of,
    snapshot_of,
)
from closeknit.rooms.capacity.compute.plan import PlanResult, make_plan, pack_cells
from closeknit.rooms.capacity.compute.planned import GROUP_CORRELATION
from closeknit.rooms.capacity.compute.promises import said_changes, said_with_tier
from closeknit.rooms.capacity.compute.summary import PlanSummary, Shortage, summarise

CODE_VERSION = "capacity/4"

__all__ = [
    "CODE_VERSION",
    "GROUP_CORRELATION",
    "Disclosure",
    "PlanInputs",
    "PlanResult",
    "PlanSummary",
    "PoolInput",
    "RosterInput",
    "Shortage",
    "differs",
    "digest_of",
    "disclose",
    "inputs_of",
    "join",
    "make_plan",
    "members_of",
    "nearer_to",
    "pack_cells",
    "pack_members",
    "pool_hours",
    "project",
    "said_changes",
    "said_with_tier",
    "shrinkage_of",
    "snapshot_of",
    "spread",
    "summarise",
    "unpack_members",
]
