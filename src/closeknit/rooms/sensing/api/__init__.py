"""JSON operations of sensing, one file per subject."""

from ninja import Router

from closeknit.rooms.sensing.api import conflicts, connectors, feeds, freshness, quarantine, recipes

router = Router()
for part in (feeds, conflicts, freshness, quarantine, recipes, connectors):
    router.add_router("", part.router)
