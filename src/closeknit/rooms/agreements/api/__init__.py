"""JSON operations of agreements, one file per subject."""

from ninja import Router

from closeknit.rooms.agreements.api import adherence, chains, clocks, contracts, terms

router = Router()
for part in (terms, contracts, clocks, chains, adherence):
    router.add_router("", part.router)
