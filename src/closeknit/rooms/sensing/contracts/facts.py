"""Facts: what source systems state, kind by kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class FactKind(StrEnum):
    """Kinds of facts and, in `FACT_FIELDS`, what each must state."""

    ACCOUNT = "account"
    ACCOUNT_RECORD = "account-record"
    SITE = "site"
    TERM = "term"
    POOL = "pool"
    ROSTER = "roster"
    STAFF = "staff"
    STOCK = "stock"
    SURVEY = "survey"
    CLOSURE = "closure"
    EVENT = "event"
    OPPORTUNITY = "opportunity"
    CALENDAR = "calendar"


FACT_FIELDS: dict[FactKind, dict[str, str]] = {
    FactKind.ACCOUNT: {
        "account_number": "text!",
        "name": "text",
        "tier": "tier",
        "team": "text",
        "region": "text",
        "time_zone": "zone",
        "jurisdiction": "text",
        "opened_on": "date",
    },
    FactKind.ACCOUNT_RECORD: {
        "system": "text!",
        "record_key": "text!",
        "account_number": "text",
        "name": "text",
        "street": "text",
        "postcode": "text",
        "city": "text",
        "country": "text",
        "region": "text",
        "time_zone": "zone",
        "jurisdiction": "text",
        "industry": "text",
        "phone": "text",
        "email": "text",
        "website": "text",
        "tax_id": "text",
        "duns": "text",
        "may_contact": "text",
        "updated_at": "time",
    },
    FactKind.SITE: {
        "site_id": "text!",
        "account_number": "text",
        "name": "text",
        "time_zone": "zone",
        "jurisdiction": "text",
        "region": "text",
    },
    FactKind.TERM: {
        "term_number": "text!",
        "contract_number": "text",
        "account_number": "text",
        "tier": "tier",
        "operation": "text!",
        "service": "text",
        "work_class": "text",
        "measure": "measure!",
        "threshold_minutes": "positive!",
        "clock": "reckoning",
        "target_share": "share!",
        "credit_per_miss": "fee",
        "currency": "text",
        "starts_on": "date!",
        "ends_on": "date",
    },
    FactKind.POOL: {
        "pool": "text!",
        "name": "text",
        "operation": "text!",
        "services": "list!",
        "regions": "list",
        "site": "text",
        "unit": "text!",
        "staffing": "staffing!",
        "handle_minutes": "positive!",
        "shrinkage_parts": "list",
        "cost_per_hour": "hourly-fee!",
        "overtime_cost_per_hour": "hourly-fee!",
        "overtime_share_max": "fraction!",
        "currency": "text!",
        "time_zone": "zone!",
    },
    FactKind.ROSTER: {
        "pool": "text!",
        "weekday": "weekday!",
        "starts_local": "clock!",
        "ends_local": "clock!",
        "headcount": "count!",
        "from_on": "date!",
        "to_on": "date",
    },
    FactKind.STAFF: {
        "staff_number": "text!",
        "name": "text",
        "pool": "text",
        "skills": "list",
        "hired_on": "date",
        "week_hours": "positive",
    },
    FactKind.STOCK: {"item": "text!", "site": "text!", "on_hand": "number!", "on_order": "number", "as_of": "date!"},
    FactKind.SURVEY: {
        "survey_number": "text!",
        "account_number": "text",
        "answered_at": "time!",
        "kind": "text!",
        "score": "number!",
        "comment": "text",
        "work_key": "text",
    },
    FactKind.CLOSURE: {"region": "text!", "closed_on": "date!", "reason": "text"},
    FactKind.EVENT: {
        "event_number": "text!",
        "kind": "event-kind!",
        "title": "text",
        "account_number": "text",
        "region": "text",
        "operation": "text",
        "service": "text",
        "starts_on": "date!",
        "ends_on": "date!",
        "expected_share": "number",
    },
    FactKind.OPPORTUNITY: {
        "opportunity_number": "text!",
        "account_number": "text",
        "operation": "text!",
        "service": "text",
        "region": "text",
        "stage": "text!",
        "units_per_week": "number",
        "amount": "money",
        "currency": "currency",
        "opened_on": "date!",
        "expected_close_on": "date",
        "closed_on": "date",
        "outcome": "outcome",
        "starts_on": "date",
        "ends_on": "date",
        "stated_share": "fraction",
    },
    FactKind.CALENDAR: {"region": "text", "country": "country!"},
}
"""What each kind of fact states: field -> type, "!" where it must be given.

A stored body holds every field of its kind in plain JSON: text ("" when empty), list of text, number or null,
money as decimal text or null, date as ISO text or "", time as ISO text in UTC, clock as "HH:MM". Lists may
hold "*" for any.
"""


FACT_KEYS: dict[FactKind, tuple[str, ...]] = {
    FactKind.ACCOUNT: ("account_number",),
    FactKind.ACCOUNT_RECORD: ("system", "record_key"),
    FactKind.SITE: ("site_id",),
    FactKind.TERM: ("term_number", "starts_on"),
    FactKind.POOL: ("pool",),
    FactKind.ROSTER: ("pool", "weekday", "starts_local", "from_on"),
    FactKind.STAFF: ("staff_number",),
    FactKind.STOCK: ("item", "site", "as_of"),
    FactKind.SURVEY: ("survey_number",),
    FactKind.CLOSURE: ("region", "closed_on"),
    FactKind.EVENT: ("event_number",),
    FactKind.OPPORTUNITY: ("opportunity_number",),
    FactKind.CALENDAR: ("region",),
}
"""Which fields tell one fact of a kind from another.

Saying the same key again with other content is a new version.
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """One stated fact: its kind, its key within the feed, and its body (see `FACT_FIELDS`).

    `is_assumed` marks what a recipe brought as a stated assumption because the source has no such record.
    """

    kind: FactKind
    key: str
    body: Mapping[str, Any]
    is_assumed: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class FactCard:
    """A stated fact as read back, in force. `fact_id` grows with every new version."""

    fact_id: int
    feed: str
    batch_id: int
    kind: FactKind
    key: str
    body: Mapping[str, Any]
    is_assumed: bool
    source_name: str
    line: int
    stated_at: datetime
