"""Tables of privacy, one file per subject."""

from closeknit.rooms.privacy.models.consents import Consent, PurposeVersion, RefusedUse
from closeknit.rooms.privacy.models.keeping import (
    ErasureRow,
    GateVerdict,
    LegalHold,
    RetentionVersion,
    SubjectRequest,
)

__all__ = [
    "Consent",
    "ErasureRow",
    "GateVerdict",
    "LegalHold",
    "PurposeVersion",
    "RefusedUse",
    "RetentionVersion",
    "SubjectRequest",
]
