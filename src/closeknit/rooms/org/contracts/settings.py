"""Settings by place: what a company may decide differently for a region, site, tier or account.

A room declares a `Setting` as a constant in its contracts; `web/wiring.py` lists all of them. What is in force
somewhere is resolved global -> region -> site -> tier -> account: the most specific value in force wins, and the
declared default stands where nobody set anything.
"""

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from uuid import UUID

from closeknit.kernel.errors import Invalid
from closeknit.kernel.news import Event

KEY = re.compile(r"[a-z]+(?:\.[a-z][a-z0-9_]*)+")
MONEY = re.compile(r"-?[0-9]{1,13}(?:\.[0-9]{1,2})?")
LARGEST = 1e12
LARGEST_READ = 10**18
LONGEST_TEXT = 500
YES, NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")


class SettingLevel(StrEnum):
    """How far a value reaches, from the least specific to the most. `default` is what the room declares."""

    DEFAULT = "default"
    GLOBAL = "global"
    REGION = "region"
    SITE = "site"
    TIER = "tier"
    ACCOUNT = "account"


Level = SettingLevel
"""Its short name here; the long one stands in the API's document, beside the levels of escalation paths."""
LEVELS = (Level.GLOBAL, Level.REGION, Level.SITE, Level.TIER, Level.ACCOUNT)


class Kind(StrEnum):
    """What a setting's values are. Shares are 0..1; days and counts are whole; money has at most two decimals."""

    SHARE = "share"
    NUMBER = "number"
    COUNT = "count"
    HOURS = "hours"
    DAYS = "days"
    CHOICE = "choice"
    TEXT = "text"
    FLAG = "flag"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as its room declares it.

    Attributes:
        key: room and name, such as "decisions.plan_approval.least_coverage_share".
        kind: what its values are.
        default: the value where nobody set one.
        unit: what a number counts ("accounts", "EUR"); "" where the kind says it.
        sentence: what it decides, in one sentence.
        lowest: the least value that is taken; for money a number or Decimal.
        highest: the largest value that is taken.
        choices: what may be chosen, for kind `choice`.
        levels: where its room asks for it; a value anywhere else would change nothing and is refused.
    """

    key: str
    kind: Kind
    default: Any
    unit: str
    sentence: str
    lowest: float | Decimal | None = None
    highest: float | Decimal | None = None
    choices: tuple[str, ...] = ()
    levels: tuple[Level, ...] = LEVELS

    def __post_init__(self) -> None:
        if not KEY.fullmatch(self.key):
            raise ValueError(f"{self.key!r} is no key of a setting: write room.name")
        if self.check(self.default) != self.default or not self.levels or Level.DEFAULT in self.levels:
            raise ValueError(f"the default or the levels of {self.key} are wrong")

    @property
    def room(self) -> str:
        """The room that declares it."""
        return self.key.partition(".")[0]

    def check(self, value: Any) -> Any:
        """Return a value in this setting's type.

        Raises:
            Invalid: for another type, NaN, infinity, or a value out of bounds; it says what is taken.
        """
        if isinstance(value, int) and abs(value) > LARGEST_READ:
            raise self._refusal("A number this large", "is out of bounds")
        taken = _CHECKS[Kind(self.kind)](self, value)
        below = self.lowest is not None and taken < self.lowest
        if below or (self.highest is not None and taken > self.highest):
            raise self._refusal(value, "is out of bounds")
        return taken

    def read(self, text: str) -> Any:
        """Read what a person typed: "95%" and "0.95" are the same share, "yes" and "no" are flags.

        Raises:
            Invalid: where it is no value of this setting.
        """
        words = text.strip()
        match self.kind:
            case Kind.FLAG if words.lower() in (*YES, *NO):
                return words.lower() in YES
            case Kind.SHARE if words.endswith("%"):
                return self.check(_float(words[:-1], by=100))
            case Kind.SHARE | Kind.NUMBER | Kind.HOURS:
                return self.check(_float(words))
            case Kind.COUNT | Kind.DAYS if re.fullmatch(r"[+-]?\d{1,13}", words, re.ASCII):
                return self.check(int(words))
            case _:
                return self.check(words)

    def stored(self, value: Any) -> Any:
        """Return a checked value as JSON holds it: money as text."""
        return f"{value:f}" if isinstance(value, Decimal) else value

    def revived(self, value: Any) -> Any:
        """Return a value as JSON held it, in this setting's type; bounds may have changed since it was set."""
        kind = Kind(self.kind)
        if kind is Kind.MONEY:
            return Decimal(value)
        return float(value) if kind in (Kind.SHARE, Kind.NUMBER, Kind.HOURS) else value

    def show(self, value: Any) -> str:
        """Write a value for people, with its unit."""
        if value is None:
            return "—"
        match self.kind:
            case Kind.SHARE:
                return f"{Decimal(str(value)) * 100:f}".rstrip("0").rstrip(".") + " %" if value else "0 %"
            case Kind.FLAG:
                return "yes" if value else "no"
            case Kind.MONEY:
                return f"{self.unit} {value:,.2f}"
            case Kind.NUMBER | Kind.HOURS:
                text = f"{value:,.10g}"
            case Kind.COUNT | Kind.DAYS:
                text = f"{value:,}"
            case _:
                return str(value)
        unit = self.unit or (self.kind.value if self.kind in (Kind.HOURS, Kind.DAYS) else "")
        return f"{text} {unit}".strip()

    @property
    def taken(self) -> str:
        """What values are taken, for a person who has to choose one."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        low, high = (None if bound is None else self._bound(bound) for bound in (self.lowest, self.highest))
        bounds = f" from {low} to {high}" if low and high else f" of at least {low}" if low else ""
        bounds = bounds or (f" of at most {high}" if high else "")
        if self.kind == Kind.SHARE:
            bounds = bounds or " from 0 % to 100 %"
        unit = f" {self.unit}" if self.unit else ""
        return _NAMES[Kind(self.kind)] + bounds + unit

    def _bound(self, bound: float | Decimal) -> str:
        if self.kind == Kind.SHARE:
            return self.show(float(bound))
        return f"{Decimal(str(bound)).normalize():,f}"

    def _refusal(self, value: Any, why: str) -> Invalid:
        shown = value[:80] if isinstance(value, str) else repr(value)[:80]
        return Invalid(f"{shown} {why}.", where=self.key, todo=f"Give {self.taken}.")


def _float(text: str, by: float = 1) -> Any:
    if not re.fullmatch(r"\s*[+-]?(\d{1,13}(\.\d{1,17})?|\.\d{1,17})\s*", text, re.ASCII):
        return text
    return float(Decimal(text.strip()) / Decimal(str(by)))


def _check_number(setting: Setting, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise setting._refusal(value, "is no number")
    floor = -LARGEST if setting.kind == Kind.NUMBER else 0.0
    ceiling = 1.0 if setting.kind == Kind.SHARE else LARGEST
    if not floor <= value <= ceiling:
        raise setting._refusal(value, "is out of bounds")
    return float(value) + 0.0


def _check_whole(setting: Setting, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise setting._refusal(value, "is no whole number")
    if not 0 <= value <= LARGEST:
        raise setting._refusal(value, "is out of bounds")
    return value


def _check_flag(setting: Setting, value: Any) -> bool:
    if not isinstance(value, bool):
        raise setting._refusal(value, "is neither yes nor no")
    return value


def _check_choice(setting: Setting, value: Any) -> str:
    if not isinstance(value, str) or value not in setting.choices:
        raise setting._refusal(value, "is none of the choices")
    return str(value)


def _check_text(setting: Setting, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT or not is_plain(value):
        raise setting._refusal(value, "is no line of text")
    return value


def _check_money(setting: Setting, value: Any) -> Decimal:
    text = f"{value:f}" if isinstance(value, Decimal) and value.is_finite() else str(value)
    if isinstance(value, bool) or not isinstance(value, Decimal | str | int) or not MONEY.fullmatch(text):
        raise setting._refusal(value, "is no amount of money")
    try:
        return Decimal(text).quantize(Decimal("0.01"))
    except InvalidOperation:
        raise setting._refusal(value, "is no amount of money") from None


def is_plain(text: str) -> bool:
    """Tell whether a text has only characters that a line can show."""
    return not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text)


_CHECKS: dict[Kind, Callable[[Setting, Any], Any]] = {
    Kind.SHARE: _check_number,
    Kind.NUMBER: _check_number,
    Kind.HOURS: _check_number,
    Kind.COUNT: _check_whole,
    Kind.DAYS: _check_whole,
    Kind.FLAG: _check_flag,
    Kind.CHOICE: _check_choice,
    Kind.TEXT: _check_text,
    Kind.MONEY: _check_money,
}
_NAMES = {
    Kind.SHARE: "a share",
    Kind.NUMBER: "a number",
    Kind.HOURS: "hours",
    Kind.COUNT: "a whole number",
    Kind.DAYS: "whole days",
    Kind.FLAG: "yes or no",
    Kind.CHOICE: "a choice",
    Kind.TEXT: f"a line of at most {LONGEST_TEXT} characters",
    Kind.MONEY: "an amount with at most two decimals",
}


REVIEW_AFTER_DAYS = Setting(
    key="org.review_after_days",
    kind=Kind.DAYS,
    default=90,
    unit="",
    sentence="After how many days a local value without an end is due for review.",
    lowest=1,
    highest=1100,
    levels=(Level.GLOBAL,),
)


@dataclass(frozen=True, slots=True)
class SettingPlace:
    """Where a setting is asked for: "" where that level does not matter. An account brings its own region."""

    region: str = ""
    site: str = ""
    tier: str = ""
    account_number: str = ""

    def at_level(self, level: Level) -> str | None:
        """The place at one level: "" for global, None where this level does not matter."""
        names = {Level.REGION: self.region, Level.SITE: self.site, Level.TIER: self.tier}
        named = {**names, Level.ACCOUNT: self.account_number}.get(level)
        return "" if level == Level.GLOBAL else named or None


@dataclass(frozen=True, slots=True)
class SettingValue:
    """One value that somebody set for a place: from `starts_at` until before `ends_at` (None: until changed)."""

    value_id: int
    key: str
    level: Level
    place: str
    value: Any
    set_by_key: str
    set_by: str
    reason: str
    set_at: datetime
    starts_at: datetime
    ends_at: datetime | None
    ended_by: str
    end_reason: str
    ended_at: datetime | None
    review_on: date | None
    thread_id: UUID

    def is_in_force(self, at: datetime) -> bool:
        """Tell whether it is in force at an instant: its start counts, its end does not."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class Said:
    """What one level says where a setting was asked for: `found` None where it says nothing."""

    level: Level
    place: str
    value: Any
    found: SettingValue | None
    wins: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """The value in force somewhere, with who set it, why, since and until when, and what each level says of it."""

    key: str
    value: Any
    level: Level
    place: str
    who: str
    why: str
    since_at: datetime | None
    until_at: datetime | None
    value_id: int | None
    thread_id: UUID | None
    chain: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class SettingCard:
    """One setting with its value for everyone, and how many places deviate from it."""

    setting: Setting
    resolved: Resolved
    deviations: int


@dataclass(frozen=True, slots=True)
class Deviation:
    """A value of one place that differs from the global one beside it."""

    setting: Setting
    value: SettingValue
    global_value: Any
    is_review_due: bool


@dataclass(frozen=True, slots=True)
class SettingChanged(Event):
    """A place's value was set or ended. 0 stands for none: `value_id` 0 ended one, `before_id` 0 set the first.

    `until` is the end that the new value was set with, in ISO 8601; "" where it stands until changed.
    """

    key: str
    level: str
    place: str
    value_id: int
    before_id: int
    until: str
    reason: str


@dataclass(frozen=True, slots=True)
class SettingReviewed(Event):
    """Somebody looked at a place's value again and kept it until the next review."""

    value_id: int
    review_on: str
    reason: str
