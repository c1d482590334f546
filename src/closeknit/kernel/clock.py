"""The one place that looks at the clock. Entrances call it and pass the answer down; nothing else does."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(tz=UTC)
