"""JSON operations of decisions, one file per subject."""

from ninja import Router

from closeknit.rooms.decisions.api import duties, escalations, exceptions, ledger, notices, policy, proposals

router = Router()
for part in (proposals, ledger, escalations, notices, duties, exceptions, policy):
    router.add_router("", part.router)
