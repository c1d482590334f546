"""Consent receipts in the form of the Kantara Initiative (v1.1) with the additions of ISO/IEC TS 27560."""

import hashlib
from typing import Any

from closeknit.rooms.privacy.contracts.consents import EVERY_CHANNEL, ConsentCard
from closeknit.rooms.privacy.contracts.purposes import Purpose

VERSION = "KI-CR-v1.1.0"


def receipt_of(card: ConsentCard, purpose: Purpose) -> dict[str, Any]:
    """Return the receipt of one statement as it is handed out."""
    return {
        "version": VERSION,
        "jurisdiction": card.jurisdiction or "unknown",
        "consentTimestamp": int(card.recorded_at.timestamp()),
        "collectionMethod": f"{card.collected}{f' ({card.signal})' if card.signal else ''}",
        "consentReceiptID": str(card.receipt_id),
        "language": card.language,
        "piiPrincipalId": str(card.subject),
        "piiControllers": [{"piiController": card.controller}],
        "policyUrl": card.policy_url,
        "services": [
            {
                "service": purpose.title,
                "purposes": [
                    {
                        "purpose": purpose.what_for,
                        "purposeCategory": [card.purpose],
                        "consentType": "EXPLICIT" if card.text_shown else "IMPLICIT",
                        "primaryPurpose": not purpose.is_personalised,
                        "termination": card.expires_at.date().isoformat() if card.expires_at else "until withdrawn",
                        "thirdPartyDisclosure": False,
                    }
                ],
            }
        ],
        "sensitive": card.is_sensitive,
        "spiCat": ["special"] if card.is_sensitive else [],
        "event": {
            "state": card.state.value,
            "channel": card.channel or ("every" if card.channel == EVERY_CHANNEL else ""),
            "purposeVersion": card.purpose_version,
            "lawfulBasis": card.basis.value,
            "law": card.law,
            "noticeSha256": hashlib.sha256(card.text_shown.encode()).hexdigest() if card.text_shown else "",
        },
    }
