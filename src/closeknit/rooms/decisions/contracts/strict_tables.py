"""Strict tables: typed inputs in, one answer out (or all that match), with every row's verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

InputValue = Decimal | str | bool | None
"""What an input may be. None is: not known; only inputs that say so take it."""


class HitPolicy(StrEnum):
    """Which matching rows answer: the only one, the first, or all."""

    UNIQUE = "unique"
    FIRST = "first"
    COLLECT = "collect"


class InputKind(StrEnum):
    """What an input is."""

    NUMBER = "number"
    WORD = "word"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class TableInput:
    """One input: its kind, its words or its bounds (from `at_least`, below `below`), and whether it may be unknown."""

    name: str
    kind: InputKind
    words: tuple[str, ...] = ()
    at_least: Decimal | None = None
    below: Decimal | None = None
    may_be_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What a row asks of one input: a band, some words, flags; `takes_unknown` whether not knowing will do."""

    at_least: Decimal | None = None
    below: Decimal | None = None
    words: frozenset[str] | None = None
    flags: frozenset[bool] | None = None
    takes_unknown: bool = False


@dataclass(frozen=True, slots=True)
class StrictRow:
    """One row. Inputs that `when` doesn't name may be anything. A default row answers where no other does."""

    number: int
    when: Mapping[str, Cell]
    then: str
    because: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """Inputs and the answers that the table must give; checked whenever it is read."""

    name: str
    given: Mapping[str, InputValue]
    then: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StrictTable:
    """A table proven to answer every case. `digest` is SHA-256 of its text."""

    version: str
    title: str
    hit: HitPolicy
    inputs: tuple[TableInput, ...]
    answers: tuple[str, ...]
    rows: tuple[StrictRow, ...]
    cases: tuple[GoldenCase, ...]
    effective_from: date
    effective_until: date | None
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class StrictVerdict:
    """What one row said: whether it matched, and the first input that it would not take."""

    row: int
    matched: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class StrictAnswer:
    """What a table answers: one word (several only where it collects), by which rows, and what every row said."""

    answers: tuple[str, ...]
    rows: tuple[int, ...]
    because: str
    version: str
    digest: str
    verdicts: tuple[StrictVerdict, ...]
