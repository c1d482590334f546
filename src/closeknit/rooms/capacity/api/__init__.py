"""JSON operations of capacity, one file per subject."""

from ninja import Router

from closeknit.rooms.capacity.api import differences, plans, quotes, scenarios, today

router = Router()
for part in (plans, today, differences, quotes, scenarios):
    router.add_router("", part.router)
