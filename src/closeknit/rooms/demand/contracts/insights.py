"""What came of what people knew."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InsightOutcome:
    """Whether an insight happened (0 or 1), with which size in its own measure and direction, and how we know."""

    happened_share: float
    actual_size: float | None
    sentence: str
