"""JSON operations of decisions, one file per subject."""

from ninja import Router

from closeknit.rooms.decisions.api import (
    duties,
    escalations,
    exceptions,
    ledger,
    ledger_keys,
    notices,
    policy,
    proposals,
)

router = Router()
for part in (proposals, ledger, ledger_keys, escalations, notices, duties, exceptions, policy):
    router.add_router("", part.router)
