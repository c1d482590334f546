"""JSON operations of sensing, one file per subject."""

from ninja import Router

from closeknit.rooms.sensing.api import connectors, feeds, freshness, quarantine, recipes

router = Router()
for part in (feeds, freshness, quarantine, recipes, connectors):
    router.add_router("", part.router)
