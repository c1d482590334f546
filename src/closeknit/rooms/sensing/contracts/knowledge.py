"""What sources have said of accounts: how much, since when, until when."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Known:
    """One kind of thing that sources said of one account up to an instant.

    Attributes:
        topic: "work" with the operation's name, or "fact" with the kind of fact.
        count: rows of work, or facts in force at that instant.
        first_at: when the earliest of them happened (work) or was stated (facts).
        last_at: when the latest of them did.
    """

    account_number: str
    topic: str
    name: str
    count: int
    first_at: datetime
    last_at: datetime
