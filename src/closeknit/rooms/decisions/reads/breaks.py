"""Which broken epochs of the ledger somebody has accepted."""

from closeknit.rooms.decisions.contracts import Legible
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.decisions.reads.opening import open_lines

ACCEPTED = "ledger.break-accepted"


def accepted_breaks() -> frozenset[int]:
    """Return the epochs whose break is accepted on record."""
    lines = open_lines(LedgerEntry.objects.filter(kind=ACCEPTED))
    return frozenset(int(line.evidence["epoch"]) for line in lines if line.legible is Legible.OPEN)
