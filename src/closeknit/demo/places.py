"""The three regions, their depots, teams and closed days. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Region:
    """One region of the company; `share` is its part of the accounts, `peak_day` its busiest day of year."""

    code: str
    short: str
    time_zone: str
    jurisdiction: str
    currency: str
    depot_id: str
    depot_name: str
    share: float
    peak_day: int
    towns: tuple[str, ...]


REGIONS: tuple[Region, ...] = (
    Region(
        "north-america",
        "na",
        "America/New_York",
        "US",
        "USD",
        "DEP-NA",
        "Fernhill depot Harrow Creek",
        0.45,
        315,
        ("Harrow Creek", "Millbrook Falls", "Eastover", "Cedar Landing", "Port Wallis", "Stonebridge"),
    ),
    Region(
        "iberia",
        "iberia",
        "Europe/Lisbon",
        "EU",
        "EUR",
        "DEP-IB",
        "Fernhill depot Vale Sereno",
        0.20,
        150,
        ("Vale Sereno", "Monte Claro", "Porto Alvo", "Ribeira Longa", "Vila Marim", "Serra Branca"),
    ),
    Region(
        "dach",
        "dach",
        "Europe/Berlin",
        "EU",
        "EUR",
        "DEP-DA",
        "Fernhill depot Lindental",
        0.35,
        285,
        ("Lindental", "Oberhafen", "Steinfurtheim", "Waldecken", "Neubruck", "Kirchsee"),
    ),
)

TEAMS = ("key-accounts", "americas", "europe")


def easter_sunday(year: int) -> date:
    """Gregorian Easter Sunday (anonymous Gregorian computus)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (a + 11 * h) // 319
    r = (2 * e + 2 * i - k - h + m + 32) % 7
    month = (h - m + r + 90) // 25
    return date(year, month, (h - m + r + month + 19) % 32)


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _american(year: int) -> dict[date, str]:
    thanksgiving = _nth_weekday(year, 11, 3, 4)
    memorial = date(year, 5, 31) - timedelta(days=date(year, 5, 31).weekday())
    return {
        date(year, 1, 1): "New Year's Day",
        memorial: "Memorial Day",
        date(year, 7, 4): "Independence Day",
        _nth_weekday(year, 9, 0, 1): "Labor Day",
        thanksgiving: "Thanksgiving",
        thanksgiving + timedelta(1): "Day after Thanksgiving",
        date(year, 12, 25): "Christmas Day",
    }


def _portuguese(year: int) -> dict[date, str]:
    fixed = {
        (1, 1): "New Year's Day",
        (4, 25): "Freedom Day",
        (5, 1): "Labour Day",
        (6, 10): "Portugal Day",
        (8, 15): "Assumption",
        (10, 5): "Republic Day",
        (11, 1): "All Saints",
        (12, 1): "Independence",
        (12, 8): "Immaculate Conception",
        (12, 25): "Christmas Day",
    }
    days = {date(year, month, day): name for (month, day), name in fixed.items()}
    return days | {easter_sunday(year) - timedelta(2): "Good Friday"}


def _german(year: int) -> dict[date, str]:
    easter = easter_sunday(year)
    return {
        date(year, 1, 1): "New Year's Day",
        easter - timedelta(2): "Good Friday",
        easter + timedelta(1): "Easter Monday",
        date(year, 5, 1): "Labour Day",
        easter + timedelta(39): "Ascension",
        easter + timedelta(50): "Whit Monday",
        date(year, 10, 3): "Unity Day",
        date(year, 12, 25): "Christmas Day",
        date(year, 12, 26): "Second Christmas Day",
    }


def closures(region: Region, first: date, last: date) -> dict[date, str]:
    """Closed weekdays of `region` from `first` to `last`: public holidays, stocktaking, the year's end."""
    rule = {"north-america": _american, "iberia": _portuguese, "dach": _german}[region.code]
    days: dict[date, str] = {}
    for year in range(first.year, last.year + 1):
        days |= {
            _nth_weekday(year, 6, 4, 4): "Stocktaking",
            date(year, 12, 24): "Year-end closure",
            date(year, 12, 31): "Year-end closure",
        }
        days |= rule(year)
    return {day: days[day] for day in sorted(days) if first <= day <= last and day.weekday() < 5}
