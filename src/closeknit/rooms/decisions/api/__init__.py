"""JSON operations of decisions, one file per subject."""

from ninja import Router

from closeknit.rooms.decisions.api import ledger, proposals

router = Router()
for part in (proposals, ledger):
    router.add_router("", part.router)
