"""JSON operations of sensing, one file per subject."""

from ninja import Router

from closeknit.rooms.sensing.api import conflicts, connectors, feeds, freshness, lineage, quarantine, recipes

router = Router()
for part in (feeds, lineage, conflicts, freshness, quarantine, recipes, connectors):
    router.add_router("", part.router)
