"""What a forecast run keeps: its numbers and its snapshot, read whole from its row and its further pieces.

Numbers are held against the digests taken when the run was stored: a piece that was lost, moved or altered since is
said, and no number of what is left is shown. What became of a snapshot its replay says.
"""

from collections.abc import Iterator
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from closeknit.kernel.errors import Conflict
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.compute import ForecastInputs
from closeknit.rooms.demand.contracts import Panel
from closeknit.rooms.demand.models import ForecastPiece, ForecastRun


def stored_numbers(run_id: UUID) -> tuple[NDArray[np.float64], tuple[Panel, ...]]:
    """Return the quantile levels and panels of a run that is there, whoever asks: who calls checks what is shown."""
    return compute.unpack_pieces(_archives(run_id, "numbers"))


def stored_inputs(run_id: UUID) -> ForecastInputs | None:
    """Return what a run that is there was made from, or None where that was not kept yet."""
    archives = _archives(run_id, "snapshot")
    first = next(archives)
    return compute.unpack_inputs_pieces(_again(first, archives)) if first else None


def _again(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


def _archives(run_id: UUID, of: str) -> Iterator[bytes]:
    first, kept = ForecastRun.objects.values_list(of, "kept_digests").get(pk=run_id)
    found = ForecastPiece.objects.filter(run_id=run_id, of=of).order_by("position")
    positions = list(found.values_list("pk", flat=True))
    digests = kept.get(of)
    for place, archive in enumerate(_again(bytes(first), _pieces(positions))):
        if digests is not None and digests[place : place + 1] != [compute.archive_digest(archive)]:
            raise _not_what_was_stored(run_id)
        yield archive
    if digests is not None and len(positions) + 1 != len(digests):
        raise _not_what_was_stored(run_id)


def _not_what_was_stored(run_id: UUID) -> Conflict:
    return Conflict(
        "A piece of this forecast's numbers is missing, or is not what was stored.",
        where=f"forecast:{run_id}",
        todo="Look for it in a copy of the database; another forecast can be made at once.",
    )


def _pieces(keys: list[int]) -> Iterator[bytes]:
    for pk in keys:
        yield bytes(ForecastPiece.objects.values_list("archive", flat=True).get(pk=pk))
