"""JSON operations of org, one file per subject."""

from ninja import Router

from closeknit.rooms.org.api import people, settings, stewards, tokens

router = Router()
for part in (settings, people, tokens, stewards):
    router.add_router("", part.router)
