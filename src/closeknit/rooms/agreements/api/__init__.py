"""JSON operations of agreements, one file per subject."""

from ninja import Router

from closeknit.rooms.agreements.api import (
    adherence,
    chains,
    clocks,
    contracts,
    expectations,
    needs,
    setups,
    terms,
    tolerances,
)

router = Router()
for part in (terms, contracts, clocks, chains, adherence, tolerances, needs, expectations, setups):
    router.add_router("", part.router)
