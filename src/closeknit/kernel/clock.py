"""The one place that looks at the clock. Entrances call it and pass the answer down; nothing else does."""

from datetime import UTC, datetime

from closeknit.kernel.errors import Invalid

FIRST_YEAR, LAST_YEAR = 1970, 2200


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(tz=UTC)


def check(moment: datetime, *, where: str) -> datetime:
    """Return an instant that somebody gave, in UTC; refuse one without an offset or beyond what is kept.

    Raises:
        Invalid: with what to write instead.
    """
    try:
        at = moment.astimezone(UTC) if moment.tzinfo is not None else None
    except OverflowError:
        at = None
    if at is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise Invalid(
            "Times need a zone." if moment.tzinfo is None else f"{moment.isoformat()} is no time that can be kept.",
            where=where,
            todo=f"Write it as 2026-03-02T09:00:00+01:00, from {FIRST_YEAR} to {LAST_YEAR}.",
        )
    return at
