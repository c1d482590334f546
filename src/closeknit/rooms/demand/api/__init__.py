"""JSON operations of demand, one file per subject."""

from ninja import Router

from closeknit.rooms.demand.api import runs

router = Router()
for part in (runs,):
    router.add_router("", part.router)
