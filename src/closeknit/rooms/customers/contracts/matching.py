"""Which records are of one account: what is compared, what each comparison says, and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

LINK_SHARE = Setting(
    key="customers.match_link_share",
    kind=Kind.SHARE,
    default=0.999,
    unit="",
    sentence="From which chance on two records count as one account without a person asked.",
    lowest=0.9,
    highest=1,
    levels=(Level.GLOBAL,),
)
REVIEW_SHARE = Setting(
    key="customers.match_review_share",
    kind=Kind.SHARE,
    default=0.5,
    unit="",
    sentence="From which chance on a person is asked whether two records are one account.",
    lowest=0.01,
    highest=1,
    levels=(Level.GLOBAL,),
)


class MatchRule(StrEnum):
    """By what two records were found: an identifier that both state, or the sum of what all fields say."""

    TAX_ID = "tax-id"
    DUNS = "duns"
    WEIGHTS = "weights"


@dataclass(frozen=True, slots=True)
class MatchRecord:
    """A record as matching sees it: who it belongs to ("" where nobody said), and what it states."""

    record_id: int
    account_number: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MatchTerm:
    """What one field says of two records: how well they agree, and the bits for (above 0) or against."""

    field: str
    agreement: str
    bits: Decimal


@dataclass(frozen=True, slots=True)
class MatchFound:
    """Two records that may be one account: the terms add up to `total_bits`, from which `probability` 0..1 follows."""

    first_id: int
    second_id: int
    rule: MatchRule
    terms: tuple[MatchTerm, ...]
    total_bits: Decimal
    probability: float


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a comparison of records found.

    `label_of` names each record's cluster by its smallest record id; `links` made the clusters; `to_review` wait for a
    person: too unsure, or the two belong to different accounts already.
    """

    label_of: Mapping[int, int]
    links: tuple[MatchFound, ...]
    to_review: tuple[MatchFound, ...]
    compared_pairs: int
    blocks_left_out: int
    model_version: str
    converged: bool
