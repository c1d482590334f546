"""Anonymised copies: what goes in, what comes out, and the report that proves both behaviour and privacy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Indexes = NDArray[np.int64]

LEAST_ALIKE = 5
"""k: how many accounts of a copy are alike at least in what could be known of them from elsewhere."""
MOST_DISTANCE = 0.15
"""How far a feature's distribution may move (Kolmogorov-Smirnov, or total variation for shares), 0 to 1."""
MOST_NEAR_SHARE = 0.10
"""Which share of copied accounts may lie nearer to a real one than the nearest 5 % of real ones lie to each other."""


@dataclass(frozen=True, slots=True)
class CopyAccount:
    """What a copy takes of an account. Tier and region could be known from elsewhere: they are generalised."""

    account_number: str
    name: str
    tier: str
    region: str
    jurisdiction: str
    team: str


@dataclass(frozen=True, slots=True)
class CopyWork:
    """Events, one in each place of the arrays: the account's index, wall-clock minutes since 1970, codes, sizes."""

    account: Indexes
    minute: Indexes
    service: Indexes
    region: Indexes
    quantity: Numbers
    amount: Numbers
    services: tuple[str, ...]
    regions: tuple[str, ...]
    currency: str = ""


@dataclass(frozen=True, slots=True)
class CopySource:
    """Everything that a copy of one operation is made from, and all words that must not be in it."""

    operation: str
    time_zone: str
    accounts: Sequence[CopyAccount]
    work: CopyWork


@dataclass(frozen=True, slots=True)
class FeatureDistance:
    """How far one feature's distribution moved: 0 not at all, 1 wholly."""

    feature: str
    distance: float
    held: bool


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What a copy keeps of behaviour, and what protects those in it.

    `near_share`: copied accounts nearer to a real one than the nearest 5 % of a held-out half are to the other;
    `near_baseline`: the same for the held-out half itself, which is 5 % by its making.
    """

    copy_id: UUID
    operation: str
    made_at: datetime
    accounts: int
    left_out: int
    events: int
    k: int
    distances: tuple[FeatureDistance, ...]
    seasonality_correlation: float
    near_share: float
    near_baseline: float
    keeps_behaviour: bool
    is_private: bool
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy as files by name, and what it proves of itself."""

    report: CopyReport
    files: Mapping[str, bytes]
