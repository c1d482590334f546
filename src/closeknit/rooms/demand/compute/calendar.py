"""What days are special: public holidays of a region's country, and what was announced; as rows for the engine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import holidays
import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.demand.contracts import ForecastKey

HOLIDAY = "holiday"
FEWEST_SEEN = 2
"""A holiday seen less often has no effect of its own: it counts with all other public holidays."""
AFTERMATH_DAYS = 7
"""What is bought early or late is missed or made up for within the week after."""

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Occasion:
    """Days on which something runs: a holiday, or an event that somebody announced. "" is any; `to_on` is not in it.

    `stated_share` is what people expect it to do, where they said so: +0.25 for a quarter more.
    """

    name: str
    kind: str
    service: str
    region: str
    account_number: str
    from_on: date
    to_on: date
    stated_share: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EventRows:
    """Occasions as rows: `indicators` [row, day of history and horizon], and whom each row concerns.

    `places`: service, region and account of each row; several where the same days are special in several regions.
    """

    names: tuple[str, ...]
    indicators: FloatArray
    places: tuple[frozenset[tuple[str, str, str]], ...]
    stated_share: tuple[float | None, ...]

    def of_one_account(self) -> BoolArray:
        """[row]: whether the row is about single accounts."""
        return np.array([any(account for _, _, account in places) for places in self.places], dtype=np.bool_)

    def concerning(self, keys: Sequence[ForecastKey]) -> BoolArray:
        """[series, row]: whether the row is about the series."""
        found = np.zeros((len(keys), len(self.names)), dtype=np.bool_)
        fields = [
            np.array([getattr(k, f) for k in keys], dtype=np.str_) for f in ("service", "region", "account_number")
        ]
        for row, places in enumerate(self.places):
            for place in places:
                mine = np.ones(len(keys), dtype=np.bool_)
                for asked, given in zip(place, fields, strict=True):
                    if asked:
                        mine &= given == asked
                found[:, row] |= mine
        return found


def public_holidays(countries: Mapping[str, str], first_on: date, until_on: date) -> list[Occasion]:
    """Return the public holidays of each region's country or state ("DE", "US/MD"), by region, in the days' order.

    A country that nothing is known of has none.
    """
    years = range(first_on.year, until_on.year + 1)
    known: dict[str, list[tuple[date, str]]] = {}
    for code in set(countries.values()):
        country, _, part = code.partition("/")
        try:
            found = dict(holidays.country_holidays(country, subdiv=part or None, years=years, language="en_US"))
        except NotImplementedError:
            found = {}
        known[code] = sorted((day, name) for day, name in found.items() if first_on <= day < until_on)
    return [
        Occasion(name, HOLIDAY, "", region, "", day, day + timedelta(days=1))
        for region, code in sorted(countries.items())
        for day, name in known[code]
    ]


def is_holiday(occasions: Iterable[Occasion], days: NDArray[np.datetime64]) -> BoolArray:
    """[day]: whether it is a public holiday anywhere."""
    special = {occasion.from_on for occasion in occasions if occasion.kind == HOLIDAY}
    return np.array([day in special for day in days.astype("datetime64[D]").tolist()], dtype=np.bool_)


def event_rows(occasions: Sequence[Occasion], days: NDArray[np.datetime64], past_days: int) -> EventRows:
    """Lay occasions out over days, of which the first `past_days` are history.

    The same holiday is a row where it was seen twice, else it is one of the other public holidays of its region; the
    days before and after any are rows. Other events are a row by kind and place, and so is the week after them.
    """
    marked: dict[tuple[str, str, str, str], FloatArray] = {}
    stated: dict[tuple[str, str, str, str], list[float]] = {}

    def mark(name: str, of: Occasion, from_on: date, to_on: date) -> None:
        row = marked.setdefault((name, of.service, of.region, of.account_number), np.zeros(days.size))
        row[(days >= np.datetime64(from_on)) & (days < np.datetime64(to_on))] = 1.0

    for occasion, name in _named(occasions, days[:past_days]):
        mark(name, occasion, occasion.from_on, occasion.to_on)
        if occasion.stated_share is not None:
            place = (name, occasion.service, occasion.region, occasion.account_number)
            stated.setdefault(place, []).append(occasion.stated_share)
        one = timedelta(days=1)
        if occasion.kind == HOLIDAY:
            mark("day before a public holiday", occasion, occasion.from_on - one, occasion.from_on)
            mark("day after a public holiday", occasion, occasion.to_on, occasion.to_on + one)
        else:
            mark(f"week after {occasion.kind}", occasion, occasion.to_on, occasion.to_on + AFTERMATH_DAYS * one)
    _yield_to_running(marked)
    return _merged(marked, stated, days.size)


def _named(occasions: Sequence[Occasion], past: NDArray[np.datetime64]) -> list[tuple[Occasion, str]]:
    """Each occasion with the name of its row."""
    seen: dict[tuple[str, str], int] = {}
    for occasion in occasions:
        if past.size and past[0] <= np.datetime64(occasion.from_on) <= past[-1]:
            seen[occasion.name, occasion.region] = seen.get((occasion.name, occasion.region), 0) + 1
    return [
        (occasion, occasion.kind)
        if occasion.kind != HOLIDAY
        else (
            occasion,
            occasion.name if seen.get((occasion.name, occasion.region), 0) >= FEWEST_SEEN else "other public holiday",
        )
        for occasion in occasions
    ]


def _yield_to_running(marked: Mapping[tuple[str, str, str, str], FloatArray]) -> None:
    """A day on which an event runs is not a day before or after one of the same place."""
    for (name, *place), row in marked.items():
        if not name.startswith(("day before", "day after", "week after")):
            continue
        for (other, *there), running in marked.items():
            if there == place and not other.startswith(("day before", "day after", "week after")):
                row[running > 0.0] = 0.0


def _merged(
    marked: Mapping[tuple[str, str, str, str], FloatArray],
    stated: Mapping[tuple[str, str, str, str], list[float]],
    days: int,
) -> EventRows:
    """Rows that never run are left out; the same event on the same days in several places is one row."""
    rows: dict[tuple[str, bytes], tuple[FloatArray, set[tuple[str, str, str]], list[float]]] = {}
    for key, row in sorted(marked.items()):
        if row.any():
            name, *place = key
            of = rows.setdefault((name, row.tobytes()), (row, set(), []))
            of[1].add((place[0], place[1], place[2]))
            of[2].extend(stated.get(key, []))
    found = list(rows.values())
    return EventRows(
        names=tuple(name for name, _ in rows),
        indicators=np.array([row for row, _, _ in found]).reshape(len(found), days),
        places=tuple(frozenset(places) for _, places, _ in found),
        stated_share=tuple(float(np.mean(shares)) if shares else None for _, _, shares in found),
    )
