"""What people type after a command, read strictly; a refusal says what would be taken. Standard library only."""

from argparse import ArgumentTypeError
from datetime import date, datetime

MOST_ROWS = 100_000


def rows(text: str) -> int:
    """Read how many rows to show: 1 to 100,000."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    if not 1 <= number <= MOST_ROWS:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to {MOST_ROWS:,}")
    return number


def day(text: str) -> date:
    """Read a date as 2026-03-02."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a date like 2026-03-02") from None


def instant(text: str) -> datetime:
    """Read a time as 2026-03-02T09:00:00+01:00; without an offset it is this machine's time."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"{text!r} is not a time like 2026-03-02T09:00:00+01:00") from None
