"""JSON operations of demand, one file per subject."""

from ninja import Router

from closeknit.rooms.demand.api import (
    accuracy,
    assumptions,
    backtests,
    exceptions,
    explorer,
    horizons,
    intraday,
    overrides,
    pipeline,
    runs,
    sharing,
)

router = Router()
for part in (
    runs,
    backtests,
    explorer,
    horizons,
    intraday,
    accuracy,
    exceptions,
    pipeline,
    overrides,
    assumptions,
    sharing,
):
    router.add_router("", part.router)
