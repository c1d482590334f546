"""Questions of the forecast explorer: one branch of one run, with its parts and its reasons."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import numpy as np

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.compute import explorer
from closeknit.rooms.demand.compute.ranges import covers
from closeknit.rooms.demand.contracts import EventEffect, ForecastCard, ForecastKey, Panel
from closeknit.rooms.demand.contracts.explorer import Branch, BranchCard
from closeknit.rooms.demand.reads import merged_series
from closeknit.rooms.demand.reads.runs import WEEKS_SHOWN, get_run, open_numbers, sees_whole
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import list_visible, system_actor


def get_branch(run_id: UUID, branch: Branch, *, by: Actor) -> BranchCard:
    """Return one branch of a run, or raise NotFound where it has no series, or none that the actor may see.

    Who does not see every account gets, of the whole, those of its accounts that are forecast alone, and each of them.
    """
    card = get_run(run_id, by=by)
    levels, panels = open_numbers(run_id, by=by)
    named = {key.account_number for panel in panels for key in panel.keys if key.account_number}
    whole = sees_whole(by=by)
    visible = named if whole else set(list_visible(named, permission=Permission.READ_CAPACITY, by=by))
    if not whole and branch == Branch():
        cut = explorer.cut_accounts(card, panels, levels, _observed(card, panels), visible.__contains__)
        return _card(card, branch, cut, ())
    is_there = branch == Branch() or any(covers(branch, key) for panel in panels for key in panel.keys)
    if not is_there or not (whole or branch.account_number in visible):
        raise NotFound("There is no such part of this forecast.", where=_words(branch), todo="Go back to the whole.")
    cut = explorer.cut_branch(card, panels, levels, branch, _observed(card, panels), visible.__contains__)
    return _card(card, branch, cut, explorer.effects_of(panels, branch))


def _card(run: ForecastCard, branch: Branch, cut: explorer.Cut, effects: tuple[EventEffect, ...]) -> BranchCard:
    return BranchCard(
        run=run,
        branch=branch,
        path=tuple(explorer.path_to(branch)),
        weeks=cut.weeks,
        part_level=cut.part_level,
        parts=cut.parts,
        reasons=cut.reasons,
        effects=effects,
        series=cut.series,
        is_widest=cut.is_widest,
    )


def _words(branch: Branch) -> str:
    parts = (branch.service, branch.region, branch.tier, branch.account_number)
    return " · ".join(part for part in parts if part) or "the whole operation"


def _observed(card: ForecastCard, panels: Sequence[Panel]) -> dict[ForecastKey, dict[date, float]]:
    """Return the weeks before the forecast by series, in the groups that the run made."""
    until = card.data_until_at
    by = system_actor()
    keys, days, units = merged_series.daily_quantities(
        card.operation, until_at=until, since_at=until - timedelta(days=7 * WEEKS_SHOWN), by=by
    )
    if not days.size:
        return {}
    weeks, sums = compute.weekly_sums(days, units)
    kept = np.flatnonzero(compute.shown_weeks(weeks, days))
    tiers = {key.account_number: key.tier.value for key in customers.list_account_keys(by=by)}
    forecast = {key for panel in panels for key in panel.keys}
    found: dict[ForecastKey, dict[date, float]] = {}
    for row, key in enumerate(keys):
        tier = tiers.get(key.account_number, "volume")
        alone = ForecastKey(key.service, key.region, key.work_class, tier, key.account_number)
        place = alone if alone in forecast else ForecastKey(key.service, key.region, key.work_class, tier, "")
        series = found.setdefault(place, {})
        for n in kept:
            day = weeks[n].item()
            series[day] = series.get(day, 0.0) + float(np.float64(sums[row, n]))
    return found
