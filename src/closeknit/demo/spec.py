"""What to generate (`CompanySpec`) and what came of it (`CompanyFiles`). Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

MIN_ACCOUNTS, MAX_ACCOUNTS = 40, 100_000
MIN_WEEKS, MAX_WEEKS = 2, 520

Progress = Callable[[str, int, int], None]
"""Called as `progress(step, done, total)`; `done` and `total` count accounts."""


class SpecError(ValueError):
    """The sample company cannot be generated as asked; the message says what to ask for instead."""


@dataclass(frozen=True, slots=True)
class CompanySpec:
    """The whole input of the generator.

    `ends_on` is a Monday and the first day *without* data: the files cover the `weeks` whole weeks before it,
    as if every source system had been exported at its local midnight.
    """

    seed: int
    accounts: int
    weeks: int
    ends_on: date

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise SpecError(f"seed is {self.seed}; use a whole number from 0 up")
        if not MIN_ACCOUNTS <= self.accounts <= MAX_ACCOUNTS:
            raise SpecError(f"accounts is {self.accounts}; use {MIN_ACCOUNTS} to {MAX_ACCOUNTS}")
        if not MIN_WEEKS <= self.weeks <= MAX_WEEKS:
            raise SpecError(f"weeks is {self.weeks}; use {MIN_WEEKS} to {MAX_WEEKS}")
        if self.ends_on.weekday() != 0:
            near = last_monday(self.ends_on)
            raise SpecError(f"ends_on {self.ends_on} is not a Monday; use {near} or {near + timedelta(7)}")
        if not 2005 <= self.ends_on.year <= 2090:
            raise SpecError(f"ends_on {self.ends_on} is outside 2005 to 2090; use a date within")

    @property
    def starts_on(self) -> date:
        """The first day with data, a Monday."""
        return self.ends_on - timedelta(weeks=self.weeks)

    @property
    def days(self) -> int:
        """Days with data."""
        return 7 * self.weeks


@dataclass(frozen=True, slots=True)
class CompanyFiles:
    """Where the files are and how many data rows (header not counted) each has."""

    folder: Path
    files: Mapping[str, Path]
    rows: Mapping[str, int]
    bad_rows: Mapping[str, int]
    truth: Path


def last_monday(today: date) -> date:
    """The last Monday on or before `today`."""
    return today - timedelta(days=today.weekday())
