"""What the company knows is coming: promotions and customers' events, and sales opportunities. Some really move work.

Launches and won opportunities add orders of their own, shutdowns take work away; both leave the random streams of
everything else alone. Spikes and shifts that an account has anyway are told ahead about half the time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from closeknit.demo.accounts import NEVER, Profiles, opened_on
from closeknit.demo.effects import LONG_ENOUGH_WEEKS, PROMOTION_FACTOR, CompanyEffects
from closeknit.demo.seeds import Stream, stream
from closeknit.demo.spec import CompanySpec
from closeknit.demo.timeline import Bools, Floats, Timeline

EVENT_HEADER = (
    "event_number",
    "kind",
    "title",
    "account_number",
    "region",
    "operation",
    "service",
    "starts_on",
    "ends_on",
    "expected_share",
)
HOPED_PROMOTION_SHARE = 0.15
"""What marketing expects of a promotion; the truth is a quarter more from the accounts that respond."""
TOLD_SHARE, UNSAID_SHARE, STATED_SPREAD = 0.5, 0.15, 0.25
LAUNCH_SHARE, SHUTDOWN_SHARE = 0.03, 0.02
LEAST_IN_FIRST = 3
"""So many launches, shutdowns and coming events at least among the first accounts: the smallest company shows all."""
QUIET_LAST_WEEKS = 12
CONTRACT_WEEKS, PROMOTION_WEEKS, PROMOTION_EVERY_WEEKS = 104, 2, 13


@dataclass(frozen=True, slots=True)
class Event:
    """One event: weeks from `from_week` to `to_week` (not included), and what it does to the account's orders."""

    kind: str
    title: str
    account: int | None
    from_week: int
    to_week: int
    true_share: float
    stated_share: float | None
    service: str


@dataclass
class EventNews:
    """A granule's events, and what those within the data do: a factor on orders, and days without any work."""

    events: list[Event] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    order_factor: Floats = field(default_factory=lambda: np.ones((0, 0)))
    shut: Bools = field(default_factory=lambda: np.zeros((0, 0), np.bool_))


def draw_events(spec: CompanySpec, profiles: Profiles, effects: CompanyEffects) -> EventNews:
    """Draw a granule's events; the first granule has the company's promotions, too."""
    rng = stream(spec.seed, Stream.EVENTS, profiles.granule)
    events = _promotions(spec, effects) if profiles.granule == 0 else []
    events += _told(rng, profiles)
    events += _own(rng, spec, profiles)
    events.sort(key=lambda e: (e.from_week, -1 if e.account is None else e.account))
    news = EventNews(events, [_number(profiles, n) for n in range(len(events))])
    news.order_factor = np.ones((profiles.count, spec.days))
    news.shut = np.zeros((profiles.count, spec.days), np.bool_)
    for event in events:
        days = slice(7 * event.from_week, 7 * event.to_week)
        if event.kind == "launch":
            news.order_factor[event.account, days] = 1.0 + event.true_share
        elif event.kind == "shutdown":
            news.shut[event.account, days] = True
    return news


def _number(profiles: Profiles, ordinal: int) -> str:
    return f"EV-{profiles.granule:04d}-{ordinal + 1:05d}"


def promotion_spans(effects: CompanyEffects, weeks: int) -> list[tuple[int, int]]:
    """Promotions as spans of weeks: those in the data, and the next two as planned."""
    spans: list[tuple[int, int]] = []
    for week in effects.promotion_weeks:
        if spans and spans[-1][1] == week:
            spans[-1] = (spans[-1][0], week + 1)
        else:
            spans.append((week, week + 1))
    start = effects.first_promotion_week
    while start < weeks:
        start += PROMOTION_EVERY_WEEKS
    coming = (start, start + PROMOTION_EVERY_WEEKS)
    return spans + [(first, first + PROMOTION_WEEKS) for first in coming]


def _promotions(spec: CompanySpec, effects: CompanyEffects) -> list[Event]:
    return [
        Event("promotion", "Promotion", None, first, last, PROMOTION_FACTOR - 1.0, HOPED_PROMOTION_SHARE, "picking")
        for first, last in promotion_spans(effects, spec.weeks)
    ]


def _stated(rng: np.random.Generator, true_share: float) -> float | None:
    """What the account manager expects: about right, sometimes unsaid."""
    draws = rng.random(), rng.standard_normal()
    if draws[0] < UNSAID_SHARE:
        return None
    return max(-1.0, round(true_share * float(np.exp(STATED_SPREAD * draws[1])), 2))


def _told(rng: np.random.Generator, profiles: Profiles) -> list[Event]:
    """Spikes and shifts upwards of which the customer told."""
    events = []
    told = rng.random((profiles.count, 2)) < TOLD_SHARE
    for a in range(profiles.count):
        if profiles.spike_week[a] < NEVER and told[a, 0]:
            first, share = int(profiles.spike_week[a]), float(profiles.spike_factor[a]) - 1.0
            last = first + int(profiles.spike_length_weeks[a])
            events.append(
                Event("customer-event", "Customer's own event", a, first, last, share, _stated(rng, share), "")
            )
        if profiles.shift_week[a] < NEVER and profiles.shift_factor[a] > 1.0 and told[a, 1]:
            first, share = int(profiles.shift_week[a]), float(profiles.shift_factor[a]) - 1.0
            last = first + CONTRACT_WEEKS
            events.append(Event("contract-start", "Wider contract", a, first, last, share, _stated(rng, share), ""))
    return events


def _own(rng: np.random.Generator, spec: CompanySpec, profiles: Profiles) -> list[Event]:
    """Launches and shutdowns of steady accounts, larger ones first of all: in the data, and soon after it."""
    steady = (profiles.churn_week == NEVER) & (profiles.spike_week == NEVER) & (profiles.shift_week == NEVER)
    able = np.flatnonzero(steady & (profiles.opened_day < 0))
    weight = profiles.orders_per_week[able]
    order = able[np.argsort(rng.exponential(1.0, able.size) / weight, kind="stable")].tolist()
    least = LEAST_IN_FIRST if profiles.granule == 0 else 0
    events = []
    # The last weeks show a tight pool, and stay as they are.
    first = spec.weeks // 10
    past = (first, max(first + 1, spec.weeks - QUIET_LAST_WEEKS))
    coming = (spec.weeks, spec.weeks + 10)
    for share, make in ((LAUNCH_SHARE, _launch), (SHUTDOWN_SHARE, _shutdown)):
        happened = max(least, int(rng.poisson(share * profiles.count * max(1.0, spec.weeks / 52.0))))
        planned = max(least, int(rng.poisson(share * profiles.count / 2.0)))
        spans = [past] * (happened if spec.weeks >= LONG_ENOUGH_WEEKS else 0) + [coming] * planned
        for span in spans[: len(order)]:
            events.append(make(rng, order.pop(0), int(rng.integers(*span))))
    return events


def _launch(rng: np.random.Generator, account: int, week: int) -> Event:
    share = float(rng.uniform(0.4, 1.0))
    last = week + int(rng.integers(3, 7))
    return Event("launch", "Product launch", account, week, last, share, _stated(rng, share), "picking")


def _shutdown(rng: np.random.Generator, account: int, week: int) -> Event:
    return Event("shutdown", "Site closed", account, week, week + int(rng.integers(1, 3)), -1.0, -1.0, "")


def event_columns(spec: CompanySpec, profiles: Profiles, news: EventNews) -> dict[str, list[str]]:
    """Rows of `events.csv` for a granule."""
    events = news.events
    return {
        "event_number": news.numbers,
        "kind": [e.kind for e in events],
        "title": [e.title for e in events],
        "account_number": ["" if e.account is None else profiles.numbers[e.account] for e in events],
        "region": [""] * len(events),
        "operation": ["warehouse" if e.service else "" for e in events],
        "service": [e.service for e in events],
        "starts_on": [opened_on(spec, 7 * e.from_week) for e in events],
        "ends_on": [opened_on(spec, 7 * e.to_week) for e in events],
        "expected_share": ["" if e.stated_share is None else f"{e.stated_share:.2f}" for e in events],
    }


def without_shut(
    columns: dict[str, list[str]], stamp: str, profiles: Profiles, news: EventNews, timeline: Timeline
) -> dict[str, list[str]]:
    """Rows without those of accounts that were shut on the day of `stamp`."""
    account, day = np.nonzero(news.shut)
    shut = {(profiles.numbers[a], timeline.date_texts[d]) for a, d in zip(account.tolist(), day.tolist(), strict=True)}
    if not shut:
        return columns
    places = zip(columns["account_number"], columns[stamp], strict=True)
    kept = [i for i, (number, text) in enumerate(places) if (number, text[:10]) not in shut]
    return {name: [values[i] for i in kept] for name, values in columns.items()}
