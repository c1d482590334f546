"""Compute a sizing of stock again from what it was made of, and compare every bit."""

from dataclasses import dataclass
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.capacity.compute.stock import STOCK_VERSION, size_shelves, stock_digest, stock_inputs_of
from closeknit.rooms.capacity.reads.stock import find_stock_row
from closeknit.rooms.decisions.contracts import LedgerLine, Recomputed
from closeknit.rooms.org.contracts import Permission


@dataclass(frozen=True, slots=True)
class StockReplay:
    """Whether stock sized again is what was kept."""

    stock_plan_id: UUID
    code_version: str
    stored_digest: str
    replayed_digest: str
    is_same: bool


def replay_stock(stock_plan_id: UUID, *, by: Actor) -> StockReplay:
    """Size stored stock again; nothing is written.

    Raises:
        NotFound: for a sizing that the actor may not see.
    """
    by.require(Permission.READ_CAPACITY)
    row = find_stock_row(stock_plan_id, by=by)
    found = stock_digest(size_shelves(stock_inputs_of(bytes(row.inputs))))
    return StockReplay(row.pk, row.code_version, row.result_digest, found, found == row.result_digest)


def recompute_stock_line(line: LedgerLine, *, by: Actor) -> Recomputed:
    """Size again the stock that a stock.sized line is about, and compare digests.

    Raises:
        NotFound: for a sizing that the actor may not see.
    """
    by.require(Permission.READ_LEDGER)
    replay = replay_stock(UUID(str(line.evidence["stock_plan_id"])), by=by)
    how = f"Sized from the stored inputs, by code {STOCK_VERSION}, then {replay.code_version}."
    return Recomputed(str(line.evidence["result_digest"]), replay.replayed_digest, how)
