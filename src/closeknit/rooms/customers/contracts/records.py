"""What systems say of an account, kept word by word, and which word counts: the golden view."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as marked
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from closeknit.kernel.errors import Invalid
from closeknit.kernel.news import Event
from closeknit.rooms.org.contracts.fields import INTERNAL, PERSONAL

STEWARD = "steward"
"""The system under whose name a steward's word is kept."""
OWN = "own"
"""In a list of systems: the feed that states the account itself, under its number."""
OTHERS = "*"
ADDRESS = ("street", "postcode", "city", "country")
CONSENT = "may_contact"
CLAIM_FIELDS = (
    "name",
    *ADDRESS,
    "region",
    "time_zone",
    "jurisdiction",
    "industry",
    "phone",
    "email",
    "website",
    "tax_id",
    "duns",
    CONSENT,
)
"""What a record may state of an account."""
PERSONAL_FIELDS = frozenset({"phone", "email"})
PROJECTED_FIELDS = ("name", "region", "time_zone", "jurisdiction")
"""Golden fields that the account's own row repeats, because other rooms read it."""


class Criterion(StrEnum):
    """By what one claim comes before another."""

    PRIORITY = "priority"
    MOST_RECENT = "most-recent"
    MOST_COMPLETE = "most-complete"
    LONGEST = "longest"


@dataclass(frozen=True, slots=True)
class SurvivorshipGroup:
    """Fields that survive together, from one record: by which criteria in order, and which systems come first."""

    fields: tuple[str, ...]
    by: tuple[Criterion, ...]
    systems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SurvivorshipRules:
    """Which claim counts, for every field once. Version 0 is as shipped."""

    version: int
    groups: tuple[SurvivorshipGroup, ...]
    from_at: datetime | None = None
    set_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RecordStatement:
    """What one record stated from `learned_at` until it stated something else: the material of the golden view."""

    record_id: int
    system: str
    record_key: str
    is_own: bool
    fields: Mapping[str, str]
    observed_at: datetime
    learned_at: datetime
    feed: str
    batch_id: int | None
    source_name: str
    line: int
    stated_by: str
    untrusted: frozenset[str]


@dataclass(frozen=True, slots=True)
class ClaimCard:
    """One source's word on one field, with the row it came from. A personal one stands in `personal_value`.

    `standing`: why it counts or does not, in words. `is_trusted` is False where a steward found it wrong.
    """

    account_number: str
    field: str
    value: str | None
    personal_value: str | None = marked(metadata=PERSONAL)
    system: str
    record_key: str
    record_id: int
    observed_at: datetime
    learned_at: datetime
    age_days: int
    is_trusted: bool
    counts: bool
    standing: str
    feed: str | None = marked(metadata=INTERNAL)
    batch_id: int | None = marked(metadata=INTERNAL)
    source_name: str | None = marked(metadata=INTERNAL)
    line: int | None = marked(metadata=INTERNAL)
    stated_by: str


@dataclass(frozen=True, slots=True)
class GoldenField:
    """One field of an account as it counts: the claim that survives, the rule that chose it, and those that lost.

    `survives` is None where nobody states the field. `together_with`: fields taken from the same record.
    """

    field: str
    survives: ClaimCard | None
    rule: str
    together_with: tuple[str, ...]
    others: tuple[ClaimCard, ...]

    @property
    def is_disputed_by_sources(self) -> bool:
        """Whether another source says something else."""
        mine = self.survives
        if mine is None:
            return False
        said = (mine.value, mine.personal_value)
        return any((other.value, other.personal_value) != said for other in self.others)


@dataclass(frozen=True, slots=True)
class RecordCard:
    """One record of an account: the system's own key, and how it came to this account."""

    record_id: int
    system: str
    record_key: str
    account_number: str
    how: str
    sentence: str | None = marked(metadata=INTERNAL)
    since_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnlinkedRecord:
    """A record that is yet nobody's: who it says it is of. It orders nothing under any number that we know."""

    record_id: int
    system: str
    record_key: str
    name: str
    industry: str
    place: str
    since_at: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """An account as it was known at an instant: field by field, with its records and the numbers merged into it."""

    account_number: str
    asked_number: str
    at: datetime
    rule_version: int
    fields: tuple[GoldenField, ...]
    records: tuple[RecordCard, ...]
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountCorrected(Event):
    """A fact of an account is another one: a steward's fix, or records that came or went. What stands on it is old."""

    account_number: str
    field: str


@dataclass(frozen=True, slots=True)
class RecordsResolved(Event):
    """Records were brought to accounts by what they state."""

    run_id: UUID
    linked: int
    to_review: int


def plain_groups(groups: Iterable[SurvivorshipGroup]) -> list[dict[str, Any]]:
    """Return rules as plain data, as people and programs write them."""
    return [
        {
            "fields": list(group.fields),
            "by": [criterion.value for criterion in group.by],
            **({"systems": list(group.systems)} if group.systems else {}),
        }
        for group in groups
    ]


def groups_of_plain(data: object) -> tuple[SurvivorshipGroup, ...]:
    """Return rules from plain data, or raise Invalid naming what is not one."""
    if not isinstance(data, list) or not data:
        raise Invalid("Rules are a list of groups.", where="groups", todo="Give fields, by and systems of each.")
    return tuple(_group(each) for each in data)


def _group(data: object) -> SurvivorshipGroup:
    if not isinstance(data, dict) or set(data) - {"fields", "by", "systems"} or not {"fields", "by"} <= set(data):
        raise Invalid(f"{str(data)[:80]} is no group.", where="groups", todo="Give fields, by and systems of each.")
    for name, words in data.items():
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words) or not words:
            raise Invalid(f"{name} is no list of words.", where=name, todo=f"Write {name}: [one, another].")
    try:
        by = tuple(Criterion(word) for word in data["by"])
    except ValueError as failure:
        raise Invalid(f"{failure}.", where="by", todo=f"Use {', '.join(Criterion)}.") from failure
    return SurvivorshipGroup(tuple(data["fields"]), by, tuple(data.get("systems", ())))
