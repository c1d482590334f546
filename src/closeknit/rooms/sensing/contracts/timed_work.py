"""Work whose source says when it ends, row by row: what clocks run on."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TimedWork:
    """One piece of work of a known account. `finished_at` None: it is open, as far as the source said by now."""

    operation: str
    key: str
    service: str
    work_class: str
    region: str
    account_number: str
    occurred_at: datetime
    finished_at: datetime | None
