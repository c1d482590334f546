"""The sample company's pipeline: chances by stage and age are those planted, and better than what sellers say."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from closeknit.demo.accounts import draw_profiles, granules
from closeknit.demo.opportunities import (
    LEAST_DAYS,
    LOST_MEAN_DAYS,
    NO_END,
    STAGES,
    WIN_SHARES,
    WON_MEAN_DAYS,
    draw_opportunities,
)
from closeknit.demo.spec import CompanySpec
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.contracts import ChanceBasis
from closeknit.rooms.sensing.contracts import OpportunityCard

SPEC = CompanySpec(seed=5, accounts=2000, weeks=104, ends_on=date(2026, 11, 16))
ON = SPEC.ends_on


@pytest.fixture(scope="module")
def told():
    """Every opportunity as sales' system states it, with whether and when it is won in the end."""
    first = ON - timedelta(days=SPEC.days)
    rows = []
    for granule in range(granules(SPEC.accounts)):
        o = draw_opportunities(SPEC, draw_profiles(SPEC, granule))
        for i in range(o.count):
            closed = o.closes_day[i] < SPEC.days
            stated = None if np.isnan(o.stated_share[i]) else float(o.stated_share[i])
            card = OpportunityCard(
                fact_id=len(rows),
                opportunity_number=f"O{len(rows)}",
                account_number=f"A{o.account[i]}",
                operation="warehouse",
                service="picking",
                region="",
                stage=STAGES[o.stage[i]],
                units_per_week=float(o.stated_units[i]),
                amount=None,
                currency="",
                opened_on=first + timedelta(days=int(o.opened_day[i])),
                expected_close_on=first + timedelta(days=int(o.expected_day[i])),
                closed_on=first + timedelta(days=int(o.closes_day[i])) if closed else None,
                outcome=("won" if o.wins[i] else "lost") if closed else "",
                starts_on=first + timedelta(days=int(o.starts_day[i])),
                ends_on=None if o.ends_day[i] >= NO_END else first + timedelta(days=int(o.ends_day[i])),
                stated_share=stated,
                feed="sample",
                is_assumed=False,
            )
            rows.append((card, bool(o.wins[i]), first + timedelta(days=int(o.closes_day[i]))))
    return rows


def planted(stage: str, age_days: int) -> float:
    """The chance to win at all, of one that is open at an age."""
    share = WIN_SHARES[STAGES.index(stage)]
    beyond = max(0, age_days - LEAST_DAYS)
    won = share * np.exp(-beyond / WON_MEAN_DAYS)
    lost = (1.0 - share) * np.exp(-beyond / LOST_MEAN_DAYS)
    return float(won / (won + lost))


def test_chances_come_near_to_those_planted(told):
    found = compute.weigh_pipeline("warehouse", [card for card, _, _ in told], on=ON, weeks=150)
    rows = [row for row in found.opportunities if row.basis is ChanceBasis.RECORD]
    assert len(rows) > 100
    distance = np.array([row.won_share - planted(row.stage, row.age_days) for row in rows])
    assert np.abs(distance).mean() < 0.06
    assert abs(distance.mean()) < 0.03


@pytest.mark.parametrize("weeks", [8, 26])
def test_wins_foretold_half_a_year_ago_came_and_sellers_said_worse(told, weeks):
    stated, happened, sellers = [], [], []
    for back in (weeks, weeks + 20, weeks + 40):
        on = ON - timedelta(weeks=back)
        came = {card.opportunity_number: wins and closes < on + timedelta(weeks=weeks) for card, wins, closes in told}
        found = compute.weigh_pipeline("warehouse", [as_of(card, on) for card, _, _ in told], on=on, weeks=weeks)
        for row in found.opportunities:
            if row.basis is ChanceBasis.RECORD and row.stated_share is not None:
                stated.append(row.won_share)
                happened.append(came[row.opportunity_number])
                sellers.append(row.stated_share)
    chance, outcome, said = (np.array(values, dtype=float) for values in (stated, happened, sellers))
    fifths = np.array_split(np.argsort(chance, kind="stable"), 5)
    assert max(abs(chance[rows].mean() - outcome[rows].mean()) for rows in fifths) < 0.12
    assert abs(chance.mean() - outcome.mean()) < 0.05
    assert ((chance - outcome) ** 2).mean() < 0.8 * ((said - outcome) ** 2).mean()


def as_of(card: OpportunityCard, on: date) -> OpportunityCard:
    """The same as it was stated before a day."""
    if card.closed_on and card.closed_on >= on:
        return replace(card, closed_on=None, outcome="")
    return card
