"""Weeks by which accounts are judged."""

from datetime import date, datetime, timedelta


def monday_of(at: datetime) -> date:
    """Return the Monday of an instant's week."""
    return at.date() - timedelta(days=at.weekday())
