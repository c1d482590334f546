"""Named random streams: one generator per subject and granule, so nothing depends on block size."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

GRANULE_ACCOUNTS = 50
"""Accounts that share their random streams. Blocks are whole granules; a granule is never split."""


class Stream(IntEnum):
    """Subjects with a stream of their own, so that a change in one leaves the others' numbers alone."""

    COMPANY = 0
    PROFILES = 1
    ORDERS = 2
    CONTACTS = 3
    INCIDENTS = 4
    SURVEYS = 5
    PLANTING = 6
    STAFF = 7
    CONTRACTS = 8
    EVENTS = 9
    OPPORTUNITIES = 10
    NEWS_ORDERS = 11
    NEWS_PLANTING = 12
    RECORDS = 13
    SUPPLY = 14


def stream(seed: int, subject: Stream, granule: int = 0) -> np.random.Generator:
    """The generator of `subject` for one granule (0 for the whole company's)."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, int(subject), granule])))
