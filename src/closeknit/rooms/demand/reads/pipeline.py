"""The sales pipeline of an operation, as probable demand: for who reads capacity, of the accounts in sight."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.contracts import (
    PIPELINE_COUNTS,
    AdjustedPlace,
    Adjustment,
    AdjustmentKind,
    AdjustmentSource,
    Pipeline,
    Renewal,
)
from closeknit.rooms.demand.reads import merged_series
from closeknit.rooms.demand.reads.runs import find_current_run
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import OpportunityCard

WEEKS_AHEAD = 26
LEAST_UNITS = 0.01
RECENT_WEEKS = 8
MOST_TERMS = 1_000_000
FEWEST_DRAWS = 10
"""Forecasts take the expected work, which is exact; no quantile is asked for."""


def list_pipeline(
    operation: str, *, by: Actor, at: datetime, on: date | None = None, weeks: int = WEEKS_AHEAD
) -> Pipeline:
    """Return the pipeline of an operation on a day: chances, and probable work by week, service and region.

    The day is the first that the forecast in force is about, or today. Chances are learnt from the closed opportunities
    of the accounts that the actor may see; those of others are left out, and so is their work.
    """
    day = on or _day(operation, by, at)
    cards, renewals = _counted(operation, day, by)
    return compute.weigh_pipeline(operation, cards, on=day, weeks=weeks, renewals=renewals)


def list_pipeline_operations(*, by: Actor) -> list[str]:
    """Return the operations that have opportunities in sight."""
    return sorted({card.operation for card in _visible("", by)})


def pipeline_adjustments(operation: str, from_on: date, to_on: date, *, by: Actor, at: datetime) -> list[Adjustment]:
    """Return the work that opportunities will probably bring on days from_on until before to_on, week by week.

    An opportunity's units come on top of its account's history; of one that renews a contract in force, only what is
    more than the account brings already. What is won counts until it begins, then history shows
    it; what was closed on `from_on` or later counts as open.
    """
    by.require(Permission.READ_CAPACITY)
    if not org.get_setting(PIPELINE_COUNTS, at=at, by=by).value:
        return []
    weeks = -(-(to_on - from_on).days // 7) + 1
    cards, renewals = _counted(operation, from_on, by)
    found = compute.weigh_pipeline(operation, cards, on=from_on, weeks=weeks, draws=FEWEST_DRAWS, renewals=renewals)
    # Known since the oldest was opened, and the same at every request: what people say later works on top of it.
    oldest_days = max((chance.age_days for chance in found.opportunities), default=0)
    known_at = datetime.combine(from_on - timedelta(days=oldest_days), time(), UTC)
    return [
        Adjustment(
            adjustment_id=f"pipeline:{week.service}:{week.region}:{week.week_on}",
            source=AdjustmentSource.PIPELINE,
            kind=AdjustmentKind.ADD,
            size=week.expected_units,
            probability=1.0,
            place=AdjustedPlace(service=week.service, region=week.region),
            from_on=max(week.week_on, from_on),
            to_on=min(week.week_on + timedelta(days=7), to_on),
            author_key="",
            made_at=known_at,
            reason="Open sales opportunities, by their chances.",
        )
        for week in found.weeks
        if week.expected_units >= LEAST_UNITS and from_on < week.week_on + timedelta(days=7) and week.week_on < to_on
    ]


def _counted(operation: str, on: date, by: Actor) -> tuple[list[OpportunityCard], tuple[Renewal, ...]]:
    """Return the opportunities in sight with the units that come on top, and those of them that renew a contract."""
    cards = _visible(operation, by)
    named = {card.account_number for card in cards} - {""}
    # Of accounts in sight alone, whose opportunities these are.
    program = org.system_actor()
    found = agreements.list_terms(operation=operation, on=on, limit=MOST_TERMS, by=program)
    terms = [term for term in found if term.account_number in named and term.ends_on]
    if not terms:
        return cards, ()
    try:
        zone = ZoneInfo(sensing.get_operation(operation, by=program).time_zone)
    except NotFound:
        return cards, ()
    until = datetime.combine(on, time(), zone)
    since = until - timedelta(weeks=RECENT_WEEKS)
    units = merged_series.units_by_account(operation, since=since, until=until, by=program)
    brought = {place: brought / RECENT_WEEKS for place, brought in units.items() if place[2] in named}
    return compute.without_renewed(cards, terms, brought, on)


def _visible(operation: str, by: Actor) -> list[OpportunityCard]:
    by.require(Permission.READ_CAPACITY)
    golden = customers.golden_numbers(by=by, at=None)
    found = [
        replace(card, account_number=golden.get(card.account_number, card.account_number))
        for card in sensing.list_opportunities(operation, by=by)
    ]
    if by.scope_of(Permission.READ_CAPACITY).every_account:
        return found
    named = {card.account_number for card in found} - {""}
    seen = org.list_visible(named, permission=Permission.READ_CAPACITY, by=by)
    return [card for card in found if card.account_number in seen]


def _day(operation: str, by: Actor, at: datetime) -> date:
    run = find_current_run(operation, by=by)
    return run.first_on if run else at.date()
