"""What people type after a command, read strictly; a refusal says what would be taken. Standard library only."""

import re
from argparse import ArgumentTypeError
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction

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


SECONDS_PER = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(s|min|m|h|d)")
SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,12})?) ?%")
FRACTION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,12})?)(?:/([1-9][0-9]{0,8}))?")


def span(text: str) -> Fraction:
    """Read a length of time with its unit, such as 30m, 20s, 1.5h or 2d: minutes, exact."""
    found = SPAN.fullmatch(text.strip())
    if not found:
        raise ArgumentTypeError(f"{text!r} is not a length of time such as 30m, 20s, 1.5h or 2d")
    return Fraction(found[1]) * SECONDS_PER[found[2]] / 60


def share(text: str) -> Fraction:
    """Read a share as 30%, 0.3 or 3/10: exact, from 0 to 1."""
    percent, plain = SHARE.fullmatch(text.strip()), FRACTION.fullmatch(text.strip())
    if percent:
        value = Fraction(percent[1]) / 100
    elif plain:
        value = Fraction(plain[1]) / int(plain[2] or 1)
    else:
        raise ArgumentTypeError(f"{text!r} is not a share such as 30%, 0.3 or 3/10")
    if value > 1:
        raise ArgumentTypeError(f"{text!r} is more than the whole: a share is from 0 to 1, or 0% to 100%")
    return value


def service_level(text: str) -> tuple[Fraction, Fraction]:
    """Read a service level as 80/20s (80 % within 20 seconds) or 0.8/20s: its share and its minutes."""
    first, slash, second = text.strip().rpartition("/")
    if not slash:
        raise ArgumentTypeError(f"{text!r} is not a service level such as 80/20s (80 % within 20 seconds)")
    # In the field's short form the percent sign is left out: 80/20s.
    bare = FRACTION.fullmatch(first)
    return share(f"{first}%" if bare and "/" not in first and Fraction(first) > 1 else first), span(second)


def number(text: str) -> float:
    """Read a number of at least 0, such as 100 or 12.5."""
    if not re.fullmatch(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", text.strip()):
        raise ArgumentTypeError(f"{text!r} is not a number such as 100 or 12.5")
    return float(text)


def money(text: str) -> Decimal:
    """Read an amount of money of at least 0, such as 90000 or 12.50: exact."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0 or amount >= 10**16:
        raise ArgumentTypeError(f"{text!r} is no amount of money")
    return amount
