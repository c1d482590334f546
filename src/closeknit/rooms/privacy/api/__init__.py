"""JSON operations of privacy, one file per subject."""

from ninja import Router

from closeknit.rooms.privacy.api import consents, copies, keeping

router = Router()
for part in (consents, keeping, copies):
    router.add_router("", part.router)
