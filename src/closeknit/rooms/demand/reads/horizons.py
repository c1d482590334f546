"""How far forecasts must look, what of them is settled, and what changed there."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.contracts import LEAD_DAYS, REVIEW_DAYS, FrozenChange, Horizon, LeadStep
from closeknit.rooms.demand.models.runs import ForecastRun
from closeknit.rooms.demand.reads.runs import find_current_run, get_run, open_numbers, sees_whole
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.contracts.settings import Level, Resolved, Setting, SettingPlace
from closeknit.rooms.org.reads import get_settings


def get_horizons(operation: str, region: str = "", *, site: str = "", at: datetime, by: Actor) -> Horizon:
    """Return how far an operation's forecast must look at a place, and what is settled there, with reasons.

    Days count from the first day of the forecast in force, or from the day of `at` where there is none.
    """
    by.require(Permission.READ_CAPACITY)
    run = find_current_run(operation, by=by)
    first_on = run.first_on if run else at.date()
    return _horizons(operation, [(region, site)], first_on, at, by)[0]


def list_horizons(operation: str, *, at: datetime, by: Actor) -> list[Horizon]:
    """Return the horizon of an operation everywhere, then of each of its regions that deviates from it."""
    by.require(Permission.READ_CAPACITY)
    run = find_current_run(operation, by=by)
    regions = _regions(run.run_id, by) if run else []
    first_on = run.first_on if run else at.date()
    everywhere, *local = _horizons(operation, [("", ""), *((r, "") for r in regions)], first_on, at, by)
    days = [lead.lead_days for lead in everywhere.leads]
    return [
        everywhere,
        *(
            horizon
            for horizon in local
            if [lead.lead_days for lead in horizon.leads] != days or horizon.review_days != everywhere.review_days
        ),
    ]


def get_run_horizon(operation: str, *, regions: Iterable[str], first_on: date, at: datetime, by: Actor) -> Horizon:
    """Return the one horizon that serves every region of a forecast that begins on a day."""
    by.require(Permission.READ_CAPACITY)
    places = [("", ""), *((region, "") for region in sorted(set(regions) - {""}))]
    return compute.widest(_horizons(operation, places, first_on, at, by))


def list_frozen_changes(
    run_id: UUID, *, service: str = "", region: str = "", at: datetime, by: Actor
) -> list[FrozenChange]:
    """Return how much a forecast changed, against the one made before it, on days that answers no longer reach.

    By step, quickest first; empty without a forecast before it, or one that spoke of other days. Needs sight of
    every account.
    """
    card = get_run(run_id, by=by)
    if not sees_whole(by=by):
        raise NotFound("There is no such forecast.", where=str(run_id))
    before = (
        ForecastRun.objects.defer("numbers", "snapshot")
        .filter(operation=card.operation, purpose=card.purpose.value, scenario=card.scenario, made_at__lt=card.made_at)
        .order_by("-made_at", "-pk")
        .first()
    )
    if before is None:
        return []
    horizon = _horizons(card.operation, [(region, "")], card.first_on, at, by)[0]
    _, then = open_numbers(before.pk, by=by)
    _, now = open_numbers(run_id, by=by)
    found = compute.frozen_changes(horizon, then, now, (service, region))
    return sorted(found, key=lambda change: change.until_on)


def _regions(run_id: UUID, by: Actor) -> list[str]:
    _, panels = open_numbers(run_id, by=by)
    return sorted({region for panel in panels for _, region in panel.total_keys if region})


def _horizons(operation: str, places: list[tuple[str, str]], first_on: date, at: datetime, by: Actor) -> list[Horizon]:
    asked = [SettingPlace(region=region, site=site) for region, site in places]
    steps = {step: _resolved(setting, asked, at, by) for step, setting in LEAD_DAYS.items()}
    reviews = _resolved(REVIEW_DAYS, asked, at, by)
    return [
        compute.horizon_of((operation, region, site), first_on, _days(steps, number), int(reviews[number].value))
        for number, (region, site) in enumerate(places)
    ]


def _resolved(setting: Setting, places: list[SettingPlace], at: datetime, by: Actor) -> list[Resolved]:
    return get_settings(setting, places, at=at, by=by)


def _days(steps: dict[LeadStep, list[Resolved]], number: int) -> dict[LeadStep, tuple[int, str]]:
    return {step: (int(found[number].value), _set_for(found[number])) for step, found in steps.items()}


def _set_for(resolved: Resolved) -> str:
    if resolved.level is Level.DEFAULT:
        return ""
    return "everywhere" if resolved.level is Level.GLOBAL else resolved.place
