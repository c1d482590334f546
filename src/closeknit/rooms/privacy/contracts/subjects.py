"""Whom data are about: a kind and a reference. This room knows neither accounts nor people, only how they are named."""

from dataclasses import dataclass

ACCOUNT = "account"
PERSON = "person"
CONTACT = "contact"
KINDS = (ACCOUNT, PERSON, CONTACT)


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One account (by number), one person of ours (by key, "person:12"), or one contact at a customer."""

    kind: str
    reference: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.reference}"


def account(number: str) -> Subject:
    """Return the subject that an account is."""
    return Subject(ACCOUNT, number)
