"""Strict readers of single values: text, numbers, money, dates, clock times, instants.

None means "stated nothing".

A reader takes what a file or a JSON body gives (text, or already typed) and returns a typed value, or refuses
it with a code and a reason. Nothing is guessed: "1,5", "NaN", "1e400", "30 February" and a local time that
happens twice are refused.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from closeknit.rooms.sensing.mapping.refusal import Refused, shown

Reader = Callable[[Any], Any]

_NUMBER = re.compile(r"[+-]?(\d{1,400}(\.\d{0,400})?|\.\d{1,400})([eE][+-]?\d{1,4})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_SPAN = re.compile(r"(\d{1,6}):([0-5]\d):([0-5]\d)", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}(/[A-Z0-9]{1,3})?", re.ASCII)
UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ud800-\udfff]")
_NOT_NUMBERS = {"nan", "inf", "+inf", "-inf", "infinity", "-infinity", "+infinity"}
_TRUE, _FALSE = {"true", "1", "yes", "y", "t"}, {"false", "0", "no", "n", "f"}
MINUTES_PER = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0, "days": 1440.0}
MOST_TEXT = 500
MOST_MONEY = Decimal(10) ** 13
MOST_PER_HOUR = 1e6
_CACHE_SIZE = 50_000


@dataclass(frozen=True, slots=True)
class Form:
    """How one column writes its values, as far as the type alone does not say."""

    zone: str = "UTC"
    ambiguous: str = "refuse"
    format: str = ""
    unit: str = "minutes"
    separator: str = "|"
    percent: bool = False
    least: float | None = None
    most: float | None = None
    words: Collection[tuple[str, Any]] = field(default=())


def reader(kind: str, label: str, form: Form) -> Reader:
    """Return the reader of a type (see contracts.FACT_FIELDS, and minutes, whole, truth, currency) for one
    column.
    """
    make = _MAKERS[kind]
    return make(label, form)


def _text(label: str, _: Form) -> Reader:
    def read(value: Any) -> str:
        if type(value) is not str:
            if isinstance(value, bool) or not isinstance(value, int | float | Decimal | date):
                raise Refused("not-text", f"{label}: {shown(value)} is not text.")
            if not _is_finite(value):
                raise Refused("not-finite", f"{label}: {shown(value)} is not a finite number.")
            if isinstance(value, float):
                value = int(value) if value.is_integer() else value
            return str(value)
        if UNSAFE.search(value):
            raise Refused("control-character", f"{label}: {shown(value)} holds a control character.")
        if len(value) > MOST_TEXT:
            raise Refused("too-long", f"{label}: {len(value)} characters, more than {MOST_TEXT}.")
        return value if value.isascii() else unicodedata.normalize("NFC", value)

    return read


def _is_finite(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    return not isinstance(value, float) or math.isfinite(value)


def _number(label: str, form: Form) -> Reader:
    least, most = form.least, form.most

    def read(value: Any) -> float:
        number = _float(label, value, form.percent)
        if (least is not None and number < least) or (most is not None and number > most):
            raise _out_of_range(label, value, least, most)
        return number

    return read


def _float(label: str, value: Any, percent: bool = False) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    if isinstance(value, bool):
        raise Refused("not-a-number", f"{label}: {value} is not a number.")
    if isinstance(value, str):
        number = _float_of_text(label, value, percent)
    elif isinstance(value, int | float | Decimal):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise Refused("not-finite", f"{label}: {shown(value)} is not a finite number.") from None
    else:
        raise Refused("not-a-number", f"{label}: {shown(value)} is not a number.")
    if not math.isfinite(number):
        raise Refused("not-finite", f"{label}: {shown(value)} is not a finite number.")
    return number


def _float_of_text(label: str, value: str, percent: bool) -> float:
    if percent:
        if not value.endswith("%"):
            raise Refused("not-a-percentage", f"{label}: {shown(value)} does not end in %.")
        return _float_of_text(label, value[:-1], False) / 100
    if _NUMBER.fullmatch(value):
        return float(value)
    if value.lower() in _NOT_NUMBERS:
        raise Refused("not-finite", f"{label}: {shown(value)} is not a finite number.")
    raise Refused("not-a-number", f"{label}: {shown(value)} is not a number.")


def _out_of_range(label: str, value: Any, least: float | None, most: float | None) -> Refused:
    if least is not None and most is not None:
        bounds = f"between {least:g} and {most:g}"
    else:
        bounds = f"at least {least:g}" if least is not None else f"at most {most:g}"
    return Refused("out-of-range", f"{label}: {shown(value)} must be {bounds}.")


def _bounded(least: float | None, most: float | None) -> Callable[[str, Form], Reader]:
    def make(label: str, form: Form) -> Reader:
        low = form.least if form.least is not None else least
        high = form.most if form.most is not None else most
        return _number(label, Form(percent=form.percent, least=low, most=high))

    return make


def _positive(label: str, form: Form) -> Reader:
    inner = _minutes(label, form)

    def read(value: Any) -> float:
        number: float = inner(value)
        if number <= 0:
            raise Refused("out-of-range", f"{label}: {shown(value)} must be above 0.")
        return number

    return read


def _share(label: str, form: Form) -> Reader:
    inner = _number(label, Form(percent=form.percent, least=0, most=1))

    def read(value: Any) -> float:
        number: float = inner(value)
        if number <= 0:
            raise Refused("out-of-range", f"{label}: {shown(value)} must be above 0, and 1 at most.")
        return number

    return read


def _minutes(label: str, form: Form) -> Reader:
    factor = MINUTES_PER[form.unit]
    least = 0.0 if form.least is None else form.least
    most = 1e7 if form.most is None else form.most

    def read(value: Any) -> float:
        span = _SPAN.fullmatch(value) if isinstance(value, str) else None
        if span:
            number = int(span[1]) * 60 + int(span[2]) + int(span[3]) / 60
        else:
            number = _float(label, value) * factor
        if not least <= number <= most:
            raise _out_of_range(label, value, least, most)
        return number

    return read


def _whole(least: int | None, most: int | None) -> Callable[[str, Form], Reader]:
    def make(label: str, form: Form) -> Reader:
        low = form.least if form.least is not None else least
        high = form.most if form.most is not None else most

        def read(value: Any) -> int:
            number = _int(label, value)
            if (low is not None and number < low) or (high is not None and number > high):
                raise _out_of_range(label, value, low, high)
            return number

        return read

    return make


def _int(label: str, value: Any) -> int:
    if type(value) is int:
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    raise Refused("not-a-whole-number", f"{label}: {shown(value)} is not a whole number.")


def _money(label: str, form: Form) -> Reader:
    least, most = form.least, form.most

    def read(value: Any) -> Decimal:
        kind = type(value)
        if kind is int or kind is Decimal:
            amount = Decimal(value)
        else:
            _float(label, value)
            amount = Decimal(repr(value) if kind is float else str(value))
        if not amount.is_finite() or abs(amount) >= MOST_MONEY:
            raise Refused("out-of-range", f"{label}: {shown(value)} is not an amount of money we can keep.")
        if (least is not None and amount < least) or (most is not None and amount > most):
            raise _out_of_range(label, value, least, most)
        return amount.quantize(_CENT_OF_CENT)

    return read


def _fee(most: float | None) -> Callable[[str, Form], Reader]:
    """Money that is owed or paid, so never below nothing; a recipe may narrow the bounds, not widen them."""

    def make(label: str, form: Form) -> Reader:
        low = max(form.least or 0.0, 0.0)
        tops = [top for top in (form.most, most) if top is not None]
        return _money(label, Form(least=low, most=min(tops, default=None)))

    return make


def money(amount: Decimal) -> Decimal:
    """Return an amount with the four decimals that tables keep."""
    return amount.quantize(_CENT_OF_CENT)


_CENT_OF_CENT = Decimal("0.0001")


def _truth(label: str, _: Form) -> Reader:
    def read(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        word = str(value).lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        raise Refused("not-true-or-false", f"{label}: {shown(value)} is neither true nor false.")

    return read


def _date(label: str, form: Form) -> Reader:
    def read(value: Any) -> date:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        try:
            if form.format:
                return datetime.strptime(str(value), form.format).date()  # noqa: DTZ007
            if not _ISO_DATE.fullmatch(str(value)):
                raise Refused("not-a-date", f"{label}: {shown(value)} is not a date like 2025-12-31.")
            return date.fromisoformat(str(value))
        except ValueError:
            raise Refused("impossible-date", f"{label}: {shown(value)} is not a date that exists.") from None

    return read


def _time(label: str, form: Form) -> Reader:
    zone, cache = ZoneInfo(form.zone), {}  # type: tuple[ZoneInfo, dict[Any, datetime]]

    def read(value: Any) -> datetime:
        if not isinstance(value, str | datetime):
            raise Refused("not-a-time", f"{label}: {shown(value)} is not a time.")
        known = cache.get(value)
        if known is not None:
            return known
        moment = _moment(label, value, form)
        instant = moment.astimezone(UTC) if moment.tzinfo else _of_local(label, moment, zone, form.ambiguous)
        if len(cache) >= _CACHE_SIZE:
            cache.clear()
        cache[value] = instant
        return instant

    return read


def _moment(label: str, value: Any, form: Form) -> datetime:
    if isinstance(value, datetime):
        return value
    text = str(value)
    try:
        if form.format:
            return datetime.strptime(text, form.format)  # noqa: DTZ007
        if not _ISO_TIME.fullmatch(text):
            raise Refused("not-a-time", f"{label}: {shown(value)} is not a time like 2025-12-31T14:05:00+01:00.")
        return datetime.fromisoformat(text)
    except ValueError:
        code = "impossible-date" if not form.format or re.search(r"\d", text) else "not-a-time"
        raise Refused(code, f"{label}: {shown(value)} is not a time that exists.") from None


def _of_local(label: str, local: datetime, zone: ZoneInfo, ambiguous: str) -> datetime:
    """Return the instant of a local wall time; refuse one that does not exist, and by rule one that happens
    twice.
    """
    early = local.replace(tzinfo=zone, fold=0)
    late = local.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early.astimezone(UTC)
    if early.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != local.replace(fold=0):
        raise Refused("time-does-not-exist", f"{label}: {local} does not exist in {zone.key}: clocks skip it.")
    if ambiguous == "refuse":
        raise Refused("time-happens-twice", f"{label}: {local} happens twice in {zone.key}, and no offset says which.")
    return (early if ambiguous == "earlier" else late).astimezone(UTC)


def _clock(label: str, _: Form) -> Reader:
    def read(value: Any) -> str:
        text = str(value)
        match = _CLOCK.fullmatch(text)
        if not match or (match[1] == "24" and match[2] != "00"):
            raise Refused("not-a-clock-time", f"{label}: {shown(value)} is not a clock time like 09:30.")
        return text

    return read


def _list(label: str, form: Form) -> Reader:
    def read(value: Any) -> list[str]:
        items = value if isinstance(value, list | tuple) else str(value).split(form.separator)
        texts = [str(item).strip() for item in items]
        return [_one_text(label, item) for item in texts if item]

    return read


def _one_text(label: str, value: str) -> str:
    return str(_text(label, Form())(value))


def _one_of(*words: str) -> Callable[[str, Form], Reader]:
    def make(label: str, _: Form) -> Reader:
        def read(value: Any) -> str:
            if str(value) not in words:
                known = ", ".join(words)
                raise Refused("not-one-of", f"{label}: {shown(value)} is not one of {known}.")
            return str(value)

        return read

    return make


def _zone(label: str, _: Form) -> Reader:
    known: set[str] = set()

    def read(value: Any) -> str:
        if str(value) not in known:
            try:
                ZoneInfo(str(value))
            except (KeyError, ValueError, OSError):
                raise Refused("unknown-time-zone", f"{label}: {shown(value)} is not a time zone.") from None
            known.add(str(value))
        return str(value)

    return read


def _currency(label: str, _: Form) -> Reader:
    def read(value: Any) -> str:
        if not _CURRENCY.fullmatch(str(value)):
            raise Refused("not-a-currency", f"{label}: {shown(value)} is not a currency code like EUR.")
        return str(value)

    return read


def _country(label: str, _: Form) -> Reader:
    def read(value: Any) -> str:
        if not _COUNTRY.fullmatch(str(value)):
            raise Refused("not-a-country", f"{label}: {shown(value)} is not a country like DE, or a part like US/MD.")
        return str(value)

    return read


_MAKERS: dict[str, Callable[[str, Form], Reader]] = {
    "text": _text,
    "number": _number,
    "count": _bounded(0, 1e6),
    "fraction": _bounded(0, 1),
    "share": _share,
    "positive": _positive,
    "minutes": _minutes,
    "whole": _whole(None, None),
    "weekday": _whole(0, 6),
    "money": _money,
    "fee": _fee(None),
    "hourly-fee": _fee(MOST_PER_HOUR),
    "truth": _truth,
    "date": _date,
    "time": _time,
    "clock": _clock,
    "list": _list,
    "zone": _zone,
    "currency": _currency,
    "country": _country,
    "tier": _one_of("strategic", "key", "standard", "volume"),
    "measure": _one_of("answer_within", "ship_within", "resolve_within", "visit_within"),
    "staffing": _one_of("interval", "deadline"),
    "reckoning": _one_of("calendar", "business"),
    "event-kind": _one_of("promotion", "launch", "contract-start", "shutdown", "customer-event"),
    "outcome": _one_of("won", "lost"),
}
TYPES = tuple(_MAKERS)
