"""The pipeline as probable work: what is known on a day, whose chance counts, when work begins, and who sees it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from tests.cast import enter, open_account, sign_in
from tests.small_company import AT

from closeknit.kernel.errors import Denied
from closeknit.rooms.agreements.contracts import Measure, Term, TermSource
from closeknit.rooms.demand import compute, reads
from closeknit.rooms.demand.contracts import AdjustmentKind, AdjustmentSource, ChanceBasis
from closeknit.rooms.demand.reads.pipeline import pipeline_adjustments
from closeknit.rooms.sensing.actions.load_recipe import load_recipe
from closeknit.rooms.sensing.contracts import OpportunityCard

ON = date(2026, 3, 4)
MONDAY = date(2026, 3, 2)
OPEN = OpportunityCard(
    fact_id=1,
    opportunity_number="O1",
    account_number="ACME",
    operation="warehouse",
    service="picking",
    region="north",
    stage="proposal",
    units_per_week=40.0,
    amount=None,
    currency="",
    opened_on=ON - timedelta(days=30),
    expected_close_on=MONDAY + timedelta(days=21),
    closed_on=None,
    outcome="",
    starts_on=MONDAY + timedelta(days=35),
    ends_on=MONDAY + timedelta(days=70),
    stated_share=0.5,
    feed="crm",
    is_assumed=False,
)


def past(
    count: int, stage: str = "proposal", won: float = 0.5, seed: int = 1, days: float = 40.0
) -> list[OpportunityCard]:
    rng = np.random.default_rng(seed)
    made = []
    for i in range(count):
        opened = ON - timedelta(days=int(rng.integers(200, 500)))
        closed = opened + timedelta(days=1 + int(rng.exponential(days)))
        outcome = "won" if rng.random() < won else "lost"
        made.append(
            replace(
                OPEN,
                opportunity_number=f"P{stage}{i}",
                stage=stage,
                opened_on=opened,
                closed_on=min(closed, ON - timedelta(days=1)),
                outcome=outcome,
                starts_on=closed + timedelta(days=21),
                ends_on=None,
            )
        )
    return made


def weigh(*cards: OpportunityCard, weeks: int = 12):
    return compute.weigh_pipeline("warehouse", cards, on=ON, weeks=weeks)


def test_without_a_record_the_sellers_chance_counts_from_the_stated_day_on():
    found = weigh(OPEN)
    (row,) = found.opportunities
    assert (row.basis, row.won_share, row.age_days) == (ChanceBasis.STATED, 0.5, 30)
    work = [week.expected_units for week in found.weeks]
    # Two weeks from closing to work, not before week 5, none from week 10 on.
    assert work == [0.0] * 5 + [20.0] * 5 + [0.0] * 2
    assert [week.week_on for week in found.weeks][:2] == [MONDAY, MONDAY + timedelta(days=7)]


def test_with_a_record_the_stage_and_the_age_count_and_not_what_the_seller_says():
    record = [*past(400, "proposal", 0.2), *past(400, "verbal", 0.8, seed=2)]
    found = weigh(*record, OPEN, replace(OPEN, opportunity_number="O2", stage="verbal"), weeks=52)
    chances = {row.opportunity_number: row for row in found.opportunities if row.basis is ChanceBasis.RECORD}
    assert chances["O1"].won_share == pytest.approx(0.2, abs=0.06)
    assert chances["O2"].won_share == pytest.approx(0.8, abs=0.06)
    assert [(s.stage, s.open_count) for s in found.stages] == [("proposal", 1), ("verbal", 1)]


def test_a_stage_that_the_outcome_overwrites_says_nothing():
    record = [replace(card, stage=card.outcome) for card in past(300, "x", 0.5)]
    found = weigh(*record, OPEN, weeks=52)
    (row,) = [row for row in found.opportunities if row.basis is ChanceBasis.RECORD]
    assert row.won_share == pytest.approx(0.5, abs=0.08)


def test_what_comes_after_the_day_is_not_known_yet():
    later = replace(OPEN, opportunity_number="O2", opened_on=ON)
    won_tomorrow = replace(OPEN, opportunity_number="O3", closed_on=ON + timedelta(days=1), outcome="won")
    found = weigh(later, won_tomorrow)
    assert [(row.opportunity_number, row.basis) for row in found.opportunities] == [("O3", ChanceBasis.STATED)]


def test_what_is_won_counts_whole_until_it_begins_and_then_is_history():
    won = replace(OPEN, closed_on=ON - timedelta(days=5), outcome="won")
    begun = replace(won, opportunity_number="O2", starts_on=ON - timedelta(days=1))
    lost = replace(won, opportunity_number="O3", outcome="lost")
    found = weigh(won, begun, lost)
    assert [(row.opportunity_number, row.won_share) for row in found.opportunities] == [("O1", 1.0)]
    assert [week.expected_units for week in found.weeks] == [0.0] * 5 + [40.0] * 5 + [0.0] * 2


def test_what_says_too_little_is_named_and_not_counted():
    unsized = replace(OPEN, opportunity_number="O2", units_per_week=None)
    unsure = replace(OPEN, opportunity_number="O3", stated_share=None)
    found = weigh(OPEN, unsized, unsure)
    assert found.uncounted == ("O2", "O3")
    assert [row.opportunity_number for row in found.opportunities] == ["O1"]


def test_the_same_cards_give_the_same_numbers():
    record = past(200)
    assert weigh(*record, OPEN) == weigh(*record, OPEN)


def term(**changed) -> Term:
    about = Term(
        term_number="T1",
        contract_number="C1",
        account_number="ACME",
        tier="",
        operation="warehouse",
        service="picking",
        work_class="",
        measure=Measure.SHIP_WITHIN,
        threshold_minutes=1440.0,
        target_share=0.95,
        credit_per_miss=None,
        currency="EUR",
        starts_on=date(2025, 1, 1),
        ends_on=date(2026, 4, 1),
        source=next(iter(TermSource)),
    )
    return replace(about, **changed)


RENEWAL = replace(OPEN, account_number="ACME", service="picking", region="", starts_on=date(2026, 4, 1), ends_on=None)
BROUGHT = {("picking", "north", "ACME"): 30.0, ("picking", "north", "BOLT"): 90.0, ("packing", "", "ACME"): 7.0}


def renewed(*cards: OpportunityCard, terms=(), brought=BROUGHT):
    counted, renewals = compute.without_renewed(cards, terms or (term(),), brought, ON)
    return [card.units_per_week for card in counted], renewals


def test_a_renewal_counts_only_what_is_more_than_the_account_brings_already():
    units, (told,) = renewed(RENEWAL)
    assert units == [10.0]
    assert (told.contract_number, told.units_per_week, told.units_there_per_week) == ("C1", 40.0, 30.0)
    found = compute.weigh_pipeline(
        "warehouse",
        compute.without_renewed([RENEWAL], [term()], BROUGHT, ON)[0],
        on=ON,
        weeks=12,
        renewals=(told,),
    )
    assert max(week.expected_units for week in found.weeks) == pytest.approx(0.5 * 10.0)
    # Red twin: taken as new work, the same forty units would stand on top of the thirty that history shows.
    red_twin = weigh(RENEWAL)
    assert max(week.expected_units for week in red_twin.weeks) == pytest.approx(0.5 * 40.0)


def test_a_renewal_of_no_more_than_is_there_counts_nothing_and_is_still_named():
    units, (told,) = renewed(replace(RENEWAL, units_per_week=25.0))
    assert units == [0.0]
    found = compute.weigh_pipeline(
        "warehouse", [replace(RENEWAL, units_per_week=0.0)], on=ON, weeks=12, renewals=(told,)
    )
    assert (found.opportunities, found.uncounted, found.renewals) == ((), (), (told,))


def test_two_renewals_of_an_account_do_not_both_take_off_what_it_brings():
    second = replace(RENEWAL, opportunity_number="O2", units_per_week=20.0)
    units, told = renewed(RENEWAL, second)
    assert units == [10.0, 20.0]
    assert [one.units_there_per_week for one in told] == [30.0, 0.0]


@pytest.mark.parametrize(
    ("card", "changed"),
    [
        (replace(RENEWAL, account_number="BOLT"), {}),
        (replace(RENEWAL, service="packing"), {}),
        (replace(RENEWAL, starts_on=date(2026, 9, 1)), {}),
        (replace(RENEWAL, account_number=""), {}),
        (RENEWAL, {"ends_on": None}),
        (RENEWAL, {"ends_on": date(2027, 1, 1)}),
        (RENEWAL, {"account_number": ""}),
    ],
    ids=["other account", "other service", "much later", "new account", "open end", "ends much later", "a tier's term"],
)
def test_what_follows_no_contract_of_its_account_counts_whole(card, changed):
    assert renewed(card, terms=(term(**changed),)) == ([40.0], ())


RECIPE = """
recipe: crm
title: Sales
time_zone: Europe/Berlin
streams:
  - name: opportunities
    from: opportunities.csv
    into: opportunity
    fields: {opportunity_number: number, account_number: account, operation: {value: warehouse},
             service: {value: picking}, stage: stage, units_per_week: units, opened_on: opened,
             expected_close_on: closes, starts_on: starts, stated_share: chance}
"""
ROWS = """number,account,stage,units,opened,closes,starts,chance
O1,ACME,proposal,40,2026-01-05,2026-03-16,2026-03-30,0.5
O2,BOLT,proposal,10,2026-01-05,2026-03-16,2026-03-30,0.5
"""


@pytest.fixture
def loaded(tmp_path, db):
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    (tmp_path / "opportunities.csv").write_text(ROWS)
    load_recipe(str(tmp_path / "recipe.yaml"), tmp_path, by=enter("alice"), at=AT)
    open_account("ACME", "strategic", "North")
    open_account("BOLT", "key", "South")


def test_only_opportunities_of_accounts_in_sight_are_counted(loaded, alice, bob, gina, dave):
    whole = reads.list_pipeline("warehouse", by=alice, at=AT, on=ON)
    assert {row.account_number for row in whole.opportunities} == {"ACME", "BOLT"}
    assert max(week.expected_units for week in whole.weeks) == pytest.approx(25.0)
    mine = reads.list_pipeline("warehouse", by=bob, at=AT, on=ON)
    assert {row.account_number for row in mine.opportunities} == {"ACME"}
    assert max(week.expected_units for week in mine.weeks) == pytest.approx(20.0)
    assert max(week.high_units for week in mine.total_weeks) == pytest.approx(40.0)
    for outsider in (gina, dave):
        with pytest.raises(Denied):
            reads.list_pipeline("warehouse", by=outsider, at=AT, on=ON)


def test_a_forecast_counts_it_by_week_and_place_the_same_each_time(loaded, alice):
    from_on, to_on = ON, ON + timedelta(days=40)
    found = pipeline_adjustments("warehouse", from_on, to_on, by=alice, at=AT)
    assert {(a.source, a.kind, a.probability) for a in found} == {(AdjustmentSource.PIPELINE, AdjustmentKind.ADD, 1.0)}
    assert [(a.from_on, a.size) for a in found][:1] == [(date(2026, 3, 30), 25.0)]
    assert all(from_on <= a.from_on < a.to_on <= to_on for a in found)
    later = datetime(2026, 3, 4, 9, tzinfo=UTC)
    assert found == pipeline_adjustments("warehouse", from_on, to_on, by=alice, at=later)
    standing = reads.list_standing_adjustments("warehouse", from_on, to_on, by=alice, at=AT)
    assert found == [a for a in standing if a.source is AdjustmentSource.PIPELINE]


def test_the_page_shows_chances_and_exports(loaded, client):
    sign_in(client, "bob")
    html = client.get("/demand/pipeline/?operation=warehouse").content.decode()
    assert "O1" in html
    assert "O2" not in html
    exported = b"".join(client.get("/demand/pipeline/?operation=warehouse&format=csv").streaming_content).decode()
    assert exported.count("ACME") == 1
    answer = client.get("/api/v1/pipeline?operation=warehouse&weeks=8").json()
    assert [row["opportunity_number"] for row in answer["opportunities"]] == ["O1"]
    assert len(answer["total_weeks"]) == 8
