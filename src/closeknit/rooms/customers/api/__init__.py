"""JSON operations of customers, one file per subject."""

from ninja import Router

from closeknit.rooms.customers.api import accounts

router = Router()
for part in (accounts,):
    router.add_router("", part.router)
