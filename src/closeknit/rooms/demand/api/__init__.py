"""JSON operations of demand, one file per subject."""

from ninja import Router

from closeknit.rooms.demand.api import explorer, runs

router = Router()
for part in (runs, explorer):
    router.add_router("", part.router)
