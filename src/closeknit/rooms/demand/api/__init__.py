"""JSON operations of demand, one file per subject."""

from ninja import Router

from closeknit.rooms.demand.api import accuracy, backtests, exceptions, explorer, intraday, pipeline, runs

router = Router()
for part in (runs, backtests, explorer, intraday, accuracy, exceptions, pipeline):
    router.add_router("", part.router)
