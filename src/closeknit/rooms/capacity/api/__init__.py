"""JSON operations of capacity, one file per subject."""

from ninja import Router

from closeknit.rooms.capacity.api import plans

router = Router()
for part in (plans,):
    router.add_router("", part.router)
