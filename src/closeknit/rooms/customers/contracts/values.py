"""What accounts are worth: settings, one account's value with all that it was made of, and the runs that made them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from closeknit.kernel.news import Event
from closeknit.rooms.org.contracts.fields import INTERNAL, MONEY
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

_COMPANY = (Level.GLOBAL,)
VALUE_WEEKS = Setting(
    key="customers.value_weeks",
    kind=Kind.COUNT,
    default=156,
    unit="weeks",
    sentence="How many weeks ahead an account's value counts.",
    lowest=1,
    highest=1040,
    levels=_COMPANY,
)
DISCOUNT = Setting(
    key="customers.value_discount_share",
    kind=Kind.SHARE,
    default=0.1,
    unit="",
    sentence="By how much money loses worth in a year, in an account's value.",
    lowest=0,
    highest=0.9,
    levels=_COMPANY,
)
MARGIN = Setting(
    key="customers.margin_share",
    kind=Kind.SHARE,
    default=1.0,
    unit="",
    sentence="Which share of order value is margin. Where nobody says, values are order value, and pages say so.",
    lowest=0,
    highest=1,
    levels=(Level.GLOBAL, Level.REGION, Level.TIER, Level.ACCOUNT),
)
RENEWAL = Setting(
    key="customers.renewal_share",
    kind=Kind.SHARE,
    default=0.9,
    unit="",
    sentence="Which share of accounts under contract stays another year, as long as too few have left to measure it.",
    lowest=0,
    highest=1,
    levels=(Level.GLOBAL, Level.REGION, Level.TIER, Level.ACCOUNT),
)
OBSERVED_UNTIL = "observed_until_on"
"""Among what a run was made with: the last day of which orders were known."""
VALUE_SETTINGS = (VALUE_WEEKS, DISCOUNT, MARGIN, RENEWAL)


@dataclass(frozen=True, slots=True)
class ValueInputs:
    """What values are made of, one row per account: columns of equal length.

    `contract_years` and `spend_sd` are NaN where there is no contract. `mean_spend` is per repeat order day. Money is
    in the account's own `currency`.
    """

    account_number: tuple[str, ...]
    currency: tuple[str, ...]
    frequency: NDArray[np.float64]
    recency: NDArray[np.float64]
    age: NDArray[np.float64]
    mean_spend: NDArray[np.float64]
    spend_days: NDArray[np.float64]
    last_year: NDArray[np.float64]
    last_year_sd: NDArray[np.float64]
    last_half: NDArray[np.float64]
    half_before: NDArray[np.float64]
    contract_years: NDArray[np.float64]
    has_left: NDArray[np.bool_]
    margin_share: NDArray[np.float64]
    renewal_share: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ValuedAccounts:
    """Values of all accounts of the inputs; NaN where there is none, and `why_not` says why.

    `models` describes the models that were fitted, by currency, in plain words and numbers.
    """

    kind: tuple[str, ...]
    why_not: tuple[str, ...]
    chance_to_stay: NDArray[np.float64]
    expected_orders: NDArray[np.float64]
    expected_spend: NDArray[np.float64]
    discount_factor: NDArray[np.float64]
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    models: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ValueFactor:
    """One factor of a value, in a sentence. The value is the product of all of them, rounded to whole cents."""

    name: str
    factor: float
    sentence: str


@dataclass(frozen=True, slots=True)
class AccountValue:
    """What an account is worth over the weeks ahead, as of a day.

    `kind`: "orders" (repeat purchases), "contract" (margin x stay), or "" where there is none and `why_not` says why.
    In four of five cases what really comes lies between `low` and `high`, if the models hold. `habit` and `spending`
    say in words what it rests on: how often and until when it ordered, and for how much. `chance_to_stay` is None
    where nothing measures it. Orders are known until `observed_until_on`.
    """

    account_number: str
    name: str
    tier: str
    as_of_on: date | None
    kind: str
    why_not: str
    currency: str
    weeks: int
    value: Decimal | None = field(metadata=MONEY)
    low: Decimal | None = field(metadata=MONEY)
    high: Decimal | None = field(metadata=MONEY)
    previous_value: Decimal | None = field(metadata=MONEY)
    factors: tuple[ValueFactor, ...] | None = field(metadata=MONEY)
    margin_share: float | None = field(metadata=MONEY)
    is_margin_stated: bool
    chance_to_stay: float | None = field(metadata=INTERNAL)
    orders: int | None = field(metadata=INTERNAL)
    weeks_since_last: float | None = field(metadata=INTERNAL)
    model: str | None = field(metadata=INTERNAL)
    habit: str | None = field(metadata=INTERNAL)
    spending: str | None = field(metadata=MONEY)
    tier_reason: str | None = field(metadata=INTERNAL)
    observed_until_on: date | None
    run_id: UUID | None
    thread_id: UUID | None


@dataclass(frozen=True, slots=True)
class ValueRun:
    """One week's values: what they were made with, and digests of what went in and came out."""

    run_id: UUID
    thread_id: UUID
    as_of_on: date
    computed_at: datetime
    computed_by: str
    accounts: int
    valued: int
    code_version: str
    input_digest: str
    result_digest: str
    models: Mapping[str, Any]
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ValuesRefreshed(Event):
    """Accounts have values of another week."""

    run_id: UUID
