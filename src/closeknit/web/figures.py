"""How a value is written for a person: numbers, hours, money, shares, times. Pure."""

import math
import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django.utils import formats

from closeknit.kernel.output import share_text

MISSING = "—"
SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
Number = int | float | Decimal
ISO_DAY = re.compile(r"(?<![\w./:-])(\d{4})-(\d\d)-(\d\d)(?![\w/-]|:\d)")
AMOUNT = re.compile(rf"\b({'|'.join(SYMBOLS)}) (?=\d)")
PERCENT = re.compile(r"(?<=\d) %")
JOINED = re.compile(r"_|(?<=[a-z])-(?=[a-z])")


def number(value: Number | None, decimals: int = 0) -> str:
    """Write a number with grouped thousands and a true minus sign; nothing known is a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, float) and math.isinf(value):
        return "∞" if value > 0 else "−∞"
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    text = formats.number_format(abs(exact), decimals, use_l10n=True, force_grouping=True)
    return f"−{text}" if exact < 0 else text


def money(value: Number | None, currency: str, decimals: int = 2) -> str:
    """Write an amount of money with its currency."""
    if value is None:
        return MISSING
    text = number(value, decimals)
    sign, text = ("−", text[1:]) if text.startswith("−") else ("", text)
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{text}" if symbol else f"{sign}{text} {currency}".strip()


def share(value: float | None, decimals: int = 1) -> str:
    """Write a share (0..1) in percent, rounded down below one: only what is whole reads 100 %."""
    if value is None or math.isnan(value):
        return MISSING
    return share_text(value, decimals)


def seconds(minutes: float | None) -> str:
    """Write a wait given in minutes: seconds below two minutes, minutes and hours above; None is a wait without end."""
    if minutes is None or math.isinf(minutes):
        return "endless"
    if minutes < 2:
        return f"{number(minutes * 60, 1)} s"
    return f"{number(minutes, 1)} min" if minutes < 120 else f"{number(minutes / 60, 1)} h"


def signed_share(value: float | None, decimals: int = 1) -> str:
    """Write a signed share in percent, with its sign."""
    if value is None:
        return MISSING
    return f"{'+' if value > 0 else ''}{number(value * 100, decimals)}%"


def day(value: date | None) -> str:
    """Write a date in full."""
    return formats.date_format(value, "DATE_FORMAT") if value else MISSING


def short_day(value: date | None) -> str:
    """Write a date without its year, where the year is plain from the place."""
    return formats.date_format(value, "SHORT_DATE_FORMAT") if value else MISSING


def moment(value: datetime | None) -> str:
    """Write an instant in UTC."""
    return formats.date_format(value.astimezone(UTC), "DATETIME_FORMAT") if value else MISSING


def span(seconds: float) -> str:
    """Write a length of time in its two largest units."""
    minutes = int(abs(seconds) // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h" if hours and days < 7 else f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60} min" if minutes % 60 and hours < 12 else f"{hours} h"
    return f"{minutes} min" if minutes else "under a minute"


def since(value: datetime | None, now: datetime) -> str:
    """Write how long ago something was."""
    return f"{span((now - value).total_seconds())} ago" if value else "never"


def left(value: datetime | None, now: datetime) -> str:
    """Write how much time is left, or how late it is."""
    if value is None:
        return MISSING
    seconds = (value - now).total_seconds()
    return f"{span(seconds)} left" if seconds >= 0 else f"{span(seconds)} late"


def duration(minutes: float | None) -> str:
    """Write minutes as seconds, minutes, or hours and minutes; "–" where none are known."""
    if minutes is None:
        return "–"
    if 0 < minutes < 1:
        return f"{minutes * 60:.3g} s"
    whole = round(minutes)
    return f"{whole // 60:,} h {whole % 60:02d} min" if whole >= 120 else f"{minutes:.4g} min"


def time_left(minutes: float | None) -> str:
    """Write minutes that are left, and what is over as such."""
    return f"over by {duration(-minutes)}" if minutes is not None and minutes < 0 else duration(minutes)


def exact_share(value: float | None) -> str:
    """Write a share in per cent, with no digit that it lacks: 0.995 is 99.5%."""
    return "–" if value is None else f"{value * 100:.6g}%"


def plainly(sentence: str | None) -> str:
    """Write a kept sentence as the page around it writes: days in words, amounts by their sign, percent without a gap.

    What is kept stays as it is: it is sealed, and compared bit by bit when it is computed again.
    """
    text = ISO_DAY.sub(_day_in_words, sentence or "")
    return PERCENT.sub("%", AMOUNT.sub(lambda found: SYMBOLS[found[1]], text))


def _day_in_words(found: re.Match[str]) -> str:
    try:
        return day(date(int(found[1]), int(found[2]), int(found[3])))
    except ValueError:  # not a day of any calendar: a sentence may quote what a source wrote
        return found[0]


def words(name: str) -> str:
    """Write a name of a field or a state as people say it: time_zone is "time zone"."""
    return JOINED.sub(" ", name)


COVERAGE_STEPS = (
    (0.999, "full", "●", "covered"),
    (0.95, "near", "◕", "nearly covered"),
    (0.80, "low", "◑", "partly covered"),
    (-math.inf, "short", "◔", "short"),
)


def coverage(value: float | None) -> tuple[str, str, str]:
    """Return class, mark and word for a coverage share: never colour alone."""
    if value is None:
        return "none", "–", "no need"
    for least, name, mark, word in COVERAGE_STEPS:
        if value >= least:
            return name, mark, word
    return "short", "◔", "short"
