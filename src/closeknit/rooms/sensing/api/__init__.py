"""JSON operations of sensing, one file per subject."""

from ninja import Router

from closeknit.rooms.sensing.api import connectors, feeds, quarantine

router = Router()
for part in (feeds, quarantine, connectors):
    router.add_router("", part.router)
