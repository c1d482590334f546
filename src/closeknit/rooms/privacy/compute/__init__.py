"""Sums of privacy: pure, no database."""

from closeknit.rooms.privacy.compute.consents import basis_for, fallback_tier, judge_use
from closeknit.rooms.privacy.compute.keeping import due_date, judge_deletion, latest_extension, rule_for
from closeknit.rooms.privacy.compute.receipts import receipt_of

__all__ = [
    "basis_for",
    "due_date",
    "fallback_tier",
    "judge_deletion",
    "judge_use",
    "latest_extension",
    "receipt_of",
    "rule_for",
]
