"""Compute a roster again from what it was made of, and compare every bit."""

from dataclasses import dataclass
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.capacity.compute.rosters import ROSTER_VERSION, make_roster, roster_inputs_of, told_digest
from closeknit.rooms.capacity.reads.rosters import find_roster_row
from closeknit.rooms.decisions.contracts import LedgerLine, Recomputed
from closeknit.rooms.org.contracts import Permission


@dataclass(frozen=True, slots=True)
class RosterReplay:
    """Whether a roster computed again is the one that was kept."""

    roster_id: UUID
    code_version: str
    stored_digest: str
    replayed_digest: str
    is_same: bool


def replay_roster(roster_id: UUID, *, by: Actor) -> RosterReplay:
    """Compute a stored roster again; nothing is written.

    Raises:
        NotFound: for a roster that the actor may not see.
    """
    by.require(Permission.READ_CAPACITY)
    row = find_roster_row(roster_id, by=by)
    found = told_digest(make_roster(roster_inputs_of(bytes(row.inputs))))
    return RosterReplay(row.pk, row.code_version, row.result_digest, found, found == row.result_digest)


def recompute_roster_line(line: LedgerLine, *, by: Actor) -> Recomputed:
    """Compute again the roster that a roster.drafted line is about, and compare digests.

    Raises:
        NotFound: for a roster that the actor may not see.
    """
    by.require(Permission.READ_LEDGER)
    replay = replay_roster(UUID(str(line.evidence["roster_id"])), by=by)
    how = f"Rostered from the stored inputs, by code {ROSTER_VERSION}, then {replay.code_version}."
    return Recomputed(str(line.evidence["result_digest"]), replay.replayed_digest, how)
