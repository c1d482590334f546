"""JSON operations of agreements, one file per subject."""

from ninja import Router

from closeknit.rooms.agreements.api import terms

router = Router()
for part in (terms,):
    router.add_router("", part.router)
