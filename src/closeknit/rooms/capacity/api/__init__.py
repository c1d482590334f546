"""JSON operations of capacity, one file per subject."""

from ninja import Router

from closeknit.rooms.capacity.api import (
    buffers,
    dedicated,
    differences,
    levels,
    plans,
    prices,
    quotes,
    rosters,
    scenarios,
    shortage,
    stock,
    today,
    training,
)

router = Router()
for part in (
    plans,
    today,
    buffers,
    dedicated,
    differences,
    levels,
    prices,
    quotes,
    rosters,
    scenarios,
    shortage,
    stock,
    training,
):
    router.add_router("", part.router)
