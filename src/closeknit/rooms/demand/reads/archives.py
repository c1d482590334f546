"""What a forecast run keeps: its numbers and its snapshot, read whole from its row and its further pieces."""

from collections.abc import Iterator
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

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
    yield bytes(ForecastRun.objects.values_list(of, flat=True).get(pk=run_id))
    positions = ForecastPiece.objects.filter(run_id=run_id, of=of).order_by("position").values_list("pk", flat=True)
    for pk in list(positions):
        yield bytes(ForecastPiece.objects.values_list("archive", flat=True).get(pk=pk))
