"""Pseudonyms of subjects that are gone: whoever knows a reference can find its traces, nobody can guess it back."""

import hmac
from pathlib import Path

from django.conf import settings

from closeknit.kernel.keys import load_or_make_secret
from closeknit.rooms.privacy.contracts.subjects import ACCOUNT, Subject


def pseudonym_of(subject: Subject) -> str:
    """Return a subject's pseudonym: a keyed digest, whose key lies outside the database, beside the ledger's."""
    key = load_or_make_secret(Path(settings.LEDGER_FOLDER) / "pseudonym-key", "key of pseudonyms")
    return "gone:" + hmac.digest(key, str(subject).encode(), "sha256").hex()[:32]


def lasting_name(subject: Subject) -> str:
    """Return how a subject is named where no erasure reaches: an account by its number, whose lines have a key of
    their own; anybody else by pseudonym.
    """
    return subject.reference if subject.kind == ACCOUNT else pseudonym_of(subject)
