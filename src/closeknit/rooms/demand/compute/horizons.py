"""Lead times into horizons and frozen periods."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import ceil

import numpy as np

from closeknit.rooms.demand.contracts.horizons import (
    MOST_HORIZON_WEEKS,
    RESOURCE_OF,
    FrozenChange,
    Horizon,
    LeadStep,
    LeadTime,
    Resource,
    ResourceFreeze,
)
from closeknit.rooms.demand.contracts.runs import Panel

WORDS = {
    LeadStep.OVERTIME: "announcing overtime",
    LeadStep.ROSTER: "changing rosters",
    LeadStep.HIRE: "hiring",
    LeadStep.TRAIN: "hiring and training",
    LeadStep.EQUIPMENT: "getting equipment",
    LeadStep.SUPPLY: "getting supply",
}


def horizon_of(
    place: tuple[str, str, str],
    first_on: date,
    days: Mapping[LeadStep, tuple[int, str]],
    review_days: int,
) -> Horizon:
    """Return the horizon of a place (operation, region, site) from its lead times in days and where they were set."""
    taken = {step: count for step, (count, _) in days.items()}
    taken[LeadStep.TRAIN] += taken[LeadStep.HIRE]
    leads = tuple(
        LeadTime(step, RESOURCE_OF[step], taken[step], first_on + timedelta(days=taken[step]), days[step][1])
        for step in LeadStep
    )
    longest = max(leads, key=lambda lead: lead.lead_days)
    freezes = tuple(_freeze(resource, leads) for resource in Resource)
    wanted = max(1, ceil((longest.lead_days + review_days) / 7))
    frozen = min(freezes, key=lambda freeze: freeze.frozen_until_on)
    weeks = min(wanted, MOST_HORIZON_WEEKS)
    return Horizon(
        *place,
        first_on=first_on,
        weeks=weeks,
        wanted_weeks=wanted,
        longest_days=longest.lead_days,
        review_days=review_days,
        frozen_until_on=frozen.frozen_until_on,
        reason=_reason(longest, review_days, wanted, weeks, frozen, first_on),
        leads=leads,
        freezes=freezes,
    )


def _freeze(resource: Resource, leads: Sequence[LeadTime]) -> ResourceFreeze:
    quickest = min((lead for lead in leads if lead.resource is resource), key=lambda lead: lead.lead_days)
    return ResourceFreeze(resource, quickest.settled_until_on, quickest.step)


def _reason(
    longest: LeadTime, review_days: int, wanted: int, weeks: int, frozen: ResourceFreeze, first_on: date
) -> str:
    bound = "" if wanted == weeks else f"; forecasts reach {weeks} at most"
    reach = (
        f"{WORDS[longest.step].capitalize()} takes {_days(longest.lead_days)} and the next plan comes after "
        f"{_days(review_days)}: {wanted} weeks{bound}."
    )
    if frozen.frozen_until_on <= first_on:
        return f"{reach} Nothing is frozen, as {WORDS[frozen.quickest]} needs no notice."
    return (
        f"{reach} Before {frozen.frozen_until_on} nothing can be changed any more, as even {WORDS[frozen.quickest]} "
        f"comes later."
    )


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def widest(horizons: Sequence[Horizon]) -> Horizon:
    """Return the one horizon that serves all places: as far as the farthest, settled only what is settled everywhere.

    Its lead times are those of the place that looks farthest.
    """
    far = max(horizons, key=lambda horizon: horizon.wanted_weeks)
    early = min(horizons, key=lambda horizon: horizon.frozen_until_on)
    if early.frozen_until_on == far.frozen_until_on:
        return far
    where = early.region or early.site or "the other regions"
    reason = f"{far.reason} In {where} that day is {early.frozen_until_on} already."
    return replace(far, frozen_until_on=early.frozen_until_on, reason=reason)


def frozen_changes(
    horizon: Horizon, before: Sequence[Panel], now: Sequence[Panel], places: tuple[str, str]
) -> list[FrozenChange]:
    """Return what changed between two forecasts on the days before each lead time ends, over a service and region."""
    found = []
    for lead in horizon.leads:
        span = (horizon.first_on, lead.settled_until_on)
        then, later = _units(before, span, places), _units(now, span, places)
        if lead.lead_days > 0 and then is not None and later is not None:
            found.append(FrozenChange(lead.step, lead.resource, lead.settled_until_on, then, later))
    return found


def _units(panels: Sequence[Panel], span: tuple[date, date], places: tuple[str, str]) -> float | None:
    """Return the units forecast in a span of days, or None where the forecast does not reach all of it."""
    service, region = places
    first, after = (np.datetime64(day, "D") for day in span)
    units = 0.0
    for panel in panels:
        days = panel.local_starts.astype("datetime64[D]")
        if days.size == 0 or days[0] > first or days[-1] < after - 1:
            return None
        rows = [i for i, (s, r) in enumerate(panel.total_keys) if service in ("", s) and region in ("", r)]
        inside = (days >= first) & (days < after)
        units += float(panel.total_mean[rows][:, inside].sum())
    return units
