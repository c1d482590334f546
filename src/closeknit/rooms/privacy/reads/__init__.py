"""Every question to this room. The doors; what is not named here is for the room's own actions."""

from closeknit.rooms.privacy.reads.consents import (
    count_opted_out,
    get_receipt,
    list_consents,
    list_refused,
    list_refused_uses,
    list_uses,
    may_use,
)
from closeknit.rooms.privacy.reads.keeping import (
    get_erasure,
    get_request,
    list_erasures,
    list_gate_lines,
    list_holds,
    list_requests,
    list_retention,
)
from closeknit.rooms.privacy.reads.personal_tables import get_extract, list_personal_tables
from closeknit.rooms.privacy.reads.purposes import get_purpose, list_purpose_versions, list_purposes

__all__ = [
    "count_opted_out",
    "get_erasure",
    "get_extract",
    "get_purpose",
    "get_receipt",
    "get_request",
    "list_consents",
    "list_erasures",
    "list_gate_lines",
    "list_holds",
    "list_personal_tables",
    "list_purpose_versions",
    "list_purposes",
    "list_refused",
    "list_refused_uses",
    "list_requests",
    "list_retention",
    "list_uses",
    "may_use",
]
