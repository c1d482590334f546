"""From opportunities as sources state them to probable work: what is learnt from the closed ones, laid on the open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import CloseHazards, fit_close_hazards, probable_demand, win_chance
from closeknit.rooms.demand.contracts.pipeline import (
    ChanceBasis,
    OpportunityChance,
    Pipeline,
    PipelineStage,
    PipelineWeek,
    Renewal,
)
from closeknit.rooms.sensing.contracts import OpportunityCard

LEAST_CLOSED = 20
"""Below so many closed ones the sellers' own chances are taken."""
LEAD_DAYS = 28
"""From winning to work, where no opportunity says."""
LEVELS = (0.1, 0.9)
SEED = 20
DRAWS, DRAWS_OF_MANY, MANY = 2000, 500, 2000
"""Futures drawn for quantiles; fewer of many opportunities, whose sum varies less."""


@dataclass(frozen=True, slots=True)
class _Row:
    """An opportunity that counts: its card, its basis, and its chance to be won by the end of each week."""

    card: OpportunityCard
    basis: ChanceBasis
    won_by_week: NDArray[np.float64]


def weigh_pipeline(
    operation: str,
    cards: Sequence[OpportunityCard],
    *,
    on: date,
    weeks: int,
    draws: int = DRAWS,
    renewals: tuple[Renewal, ...] = (),
) -> Pipeline:
    """Return the probable work of opportunities as they stood before a day, for so many weeks from its Monday on.

    What was opened or closed on that day or later is not known yet. Work of an opportunity that is won and has begun is
    in the history, so it is left out. `cards` have only the units that come on top, `renewals` say of which. Expected
    work is exact whatever the `draws`; they are for the quantiles.
    """
    known = [card for card in cards if card.opened_on < on]
    closed = [card for card in known if card.closed_on and card.closed_on < on and card.outcome]
    still = [card for card in known if not (card.closed_on and card.closed_on < on) and _was_open(card, on)]
    coming = [card for card in closed if card.outcome == "won" and card.starts_on and card.starts_on >= on]
    rows = [*_chances(still, closed, on, weeks), *(_Row(card, ChanceBasis.WON, np.ones(weeks)) for card in coming)]
    counted = [row for row in rows if (row.card.units_per_week or 0.0) > 0.0]
    names = {row.card.opportunity_number for row in counted}
    return Pipeline(
        operation=operation,
        on=on,
        closed_count=len(closed),
        opportunities=tuple(sorted((_chance(row, on) for row in counted), key=_largest_first)),
        weeks=tuple(_weeks(counted, closed, on, weeks, draws, by_place=True)),
        total_weeks=tuple(_weeks(counted, closed, on, weeks, draws, by_place=False)),
        stages=tuple(_stages(still, closed, rows, on)),
        uncounted=tuple(
            card.opportunity_number
            for card in still
            if card.opportunity_number not in names | {one.opportunity_number for one in renewals}
        ),
        renewals=tuple(
            r for r in renewals if r.opportunity_number in {c.opportunity_number for c in (*still, *coming)}
        ),
    )


def _was_open(card: OpportunityCard, on: date) -> bool:
    # Closed without a day: nobody knows since when, so it is neither open nor part of the record.
    return not card.outcome or (card.closed_on is not None and card.closed_on >= on)


def _chances(still: Sequence[OpportunityCard], closed: Sequence[OpportunityCard], on: date, weeks: int) -> list[_Row]:
    hazards, stages = _learn(still, closed, on)
    if hazards is None:
        return [
            _Row(card, ChanceBasis.STATED, _stated(card, on, weeks)) for card in still if card.stated_share is not None
        ]
    if not still:
        return []
    places = [stages.get(card.stage, 0) for card in still]
    chance = win_chance(hazards, places, [(on - card.opened_on).days for card in still], weeks)
    return [_Row(card, ChanceBasis.RECORD, chance.won_by_week[i]) for i, card in enumerate(still)]


def _learn(
    still: Sequence[OpportunityCard], closed: Sequence[OpportunityCard], on: date
) -> tuple[CloseHazards | None, dict[str, int]]:
    if len(closed) < LEAST_CLOSED:
        return None, {}
    stages = _stage_numbers(still, closed)
    first_closed_on = min(card.closed_on for card in closed if card.closed_on)
    rows = [*closed, *still]
    ends = [card.closed_on if card.closed_on and card.closed_on < on else on for card in rows]
    since = [max(0, (first_closed_on - card.opened_on).days) for card in rows]
    hazards = fit_close_hazards(
        [stages.get(card.stage, 0) for card in rows],
        since,
        # A day's closing was open on that day: a closing on the first day had some time in it.
        [max((end - card.opened_on).days, start) + 0.5 for card, end, start in zip(rows, ends, since, strict=True)],
        [_OUTCOMES[card.outcome] for card in closed] + [0] * len(still),
        max(1, len(stages)),
    )
    return hazards, stages


_OUTCOMES = {"won": 1, "lost": 2}


def _stage_numbers(still: Sequence[OpportunityCard], closed: Sequence[OpportunityCard]) -> dict[str, int]:
    """Number the stages; none where the source writes the outcome over the last stage, which then says nothing."""
    open_stages = {card.stage for card in still}
    told = sum(card.stage in open_stages for card in closed)
    if still and told < 0.5 * len(closed):
        return {}
    return {stage: i for i, stage in enumerate(sorted(open_stages | {card.stage for card in closed}))}


def _stated(card: OpportunityCard, on: date, weeks: int) -> NDArray[np.float64]:
    closes_on = max(card.expected_close_on or on + timedelta(days=2 * LEAD_DAYS), on)
    steps = np.zeros(weeks)
    steps[(closes_on - on).days // 7 :] = card.stated_share or 0.0
    return steps


def _weeks(
    rows: Sequence[_Row], closed: Sequence[OpportunityCard], on: date, weeks: int, draws: int, *, by_place: bool
) -> list[PipelineWeek]:
    if not rows:
        return []
    monday = on - timedelta(days=on.weekday())
    usual = _usual_lead_days(closed)
    places = [(row.card.service, row.card.region) if by_place else ("", "") for row in rows]
    groups = sorted(set(places))
    found = probable_demand(
        np.stack([row.won_by_week for row in rows]),
        [row.card.units_per_week or 0.0 for row in rows],
        [_lead_weeks(row, usual) for row in rows],
        [max(0, -(-(row.card.starts_on - monday).days // 7)) if row.card.starts_on else 0 for row in rows],
        [max(0, -(-(row.card.ends_on - monday).days // 7)) if row.card.ends_on else weeks for row in rows],
        [groups.index(place) for place in places],
        len(groups),
        LEVELS,
        np.random.default_rng(SEED),
        min(draws, DRAWS_OF_MANY) if len(rows) > MANY else draws,
    )
    return [
        PipelineWeek(
            week_on=monday + timedelta(days=7 * week),
            service=service,
            region=region,
            expected_units=float(found.mean[group, week]),
            low_units=float(found.quantiles[0, group, week]),
            high_units=float(found.quantiles[1, group, week]),
        )
        for group, (service, region) in enumerate(groups)
        for week in range(weeks)
    ]


def _lead_weeks(row: _Row, usual_days: float) -> int:
    card = row.card
    if row.basis is ChanceBasis.WON:
        return 0
    days = usual_days
    if card.starts_on and card.expected_close_on:
        days = max(0.0, float((card.starts_on - card.expected_close_on).days))
    return round(days / 7)


def _usual_lead_days(closed: Sequence[OpportunityCard]) -> float:
    leads = [
        (card.starts_on - card.closed_on).days
        for card in closed
        if card.outcome == "won" and card.starts_on and card.closed_on and card.starts_on >= card.closed_on
    ]
    return float(median(leads)) if leads else float(LEAD_DAYS)


def _chance(row: _Row, on: date) -> OpportunityChance:
    card, won = row.card, float(row.won_by_week[-1])
    return OpportunityChance(
        opportunity_number=card.opportunity_number,
        account_number=card.account_number,
        service=card.service,
        region=card.region,
        stage=card.stage,
        age_days=(on - card.opened_on).days,
        won_share=won,
        stated_share=card.stated_share,
        basis=row.basis,
        units_per_week=card.units_per_week or 0.0,
        expected_units_per_week=won * (card.units_per_week or 0.0),
        expected_close_on=card.expected_close_on,
        starts_on=card.starts_on,
        ends_on=card.ends_on,
    )


def _largest_first(chance: OpportunityChance) -> tuple[float, str]:
    return -chance.expected_units_per_week, chance.opportunity_number


def _stages(
    still: Sequence[OpportunityCard], closed: Sequence[OpportunityCard], rows: Sequence[_Row], on: date
) -> list[PipelineStage]:
    found = []
    for stage in sorted({card.stage for card in (*still, *closed)}):
        here = [card for card in still if card.stage == stage]
        chances = [float(row.won_by_week[-1]) for row in rows if row.card.stage == stage and row.card in here]
        stated = [card.stated_share for card in here if card.stated_share is not None]
        found.append(
            PipelineStage(
                stage=stage,
                open_count=len(here),
                won_count=sum(card.stage == stage and card.outcome == "won" for card in closed),
                lost_count=sum(card.stage == stage and card.outcome == "lost" for card in closed),
                mean_age_days=fmean((on - card.opened_on).days for card in here) if here else None,
                mean_won_share=fmean(chances) if chances else None,
                mean_stated_share=fmean(stated) if stated else None,
            )
        )
    return found
