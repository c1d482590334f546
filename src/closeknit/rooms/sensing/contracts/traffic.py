"""How much work comes by which way, and how fast it is done."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Traffic:
    """Work of one operation, service and channel within a time.

    Attributes:
        channel: as the source names it; "" where it does not.
        finished: rows with a known end.
        median_minutes: from coming to being finished; None where no end is known.
        p90_minutes: nine of ten were finished by then.
        promised: rows of which it is known whether their promise was kept; met: those kept.
    """

    operation: str
    service: str
    channel: str
    count: int
    last_at: datetime
    finished: int
    median_minutes: float | None
    p90_minutes: float | None
    promised: int
    met: int
