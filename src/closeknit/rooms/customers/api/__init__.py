"""JSON operations of customers, one file per subject."""

from ninja import Router

from closeknit.rooms.customers.api import accounts, insights, intimacy, journey, records, worth

router = Router()
for part in (accounts, insights, intimacy, journey, records, worth):
    router.add_router("", part.router)
