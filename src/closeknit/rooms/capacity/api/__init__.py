"""JSON operations of capacity, one file per subject."""

from ninja import Router

from closeknit.rooms.capacity.api import differences, plans, quotes, rosters, scenarios, shortage, today

router = Router()
for part in (plans, today, differences, quotes, rosters, scenarios, shortage):
    router.add_router("", part.router)
