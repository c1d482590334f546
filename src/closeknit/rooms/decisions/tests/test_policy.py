"""Judging by the decision table, rule by rule and both ways: a rule that does not hold sends a plan to a person."""

from dataclasses import asdict, replace
from decimal import Decimal

import pytest

from closeknit.kernel.canonical import digest
from closeknit.kernel.errors import Invalid
from closeknit.kernel.output import plain
from closeknit.rooms.decisions.compute import judge, shipped_table
from closeknit.rooms.decisions.contracts import PlanFacts, Question
from closeknit.rooms.decisions.reads.policy import judge_again, question_of
from closeknit.rooms.org.reads import system_actor

FINE = PlanFacts(
    operation="service-desk",
    cost=Decimal("1000.00"),
    currency="EUR",
    cost_change_share=0.02,
    coverage_share=0.99,
    top_tier_accounts_short=0,
    data_age_days=1,
)
NAN = float("nan")


def ask(facts=FINE, **changes):
    """The question that proposing a plan puts to the table."""
    return replace(Question("plan", "none", facts.cost, facts.currency, asdict(facts), {}), **changes)


def judge_plan(facts, **changes):
    return judge(shipped_table(), ask(facts, **changes))


@pytest.mark.parametrize(
    ("rule", "changes", "holds"),
    [
        ("data-fresh", {"data_age_days": 8}, True),
        ("data-fresh", {"data_age_days": 9}, False),
        ("feeds-fresh", {"stale_feeds": 0}, True),
        ("feeds-fresh", {"stale_feeds": 1}, False),
        ("routine", {"beyond_routine": None}, True),
        ("routine", {"beyond_routine": 0}, True),
        ("routine", {"beyond_routine": 1}, False),
        ("top-tiers-served", {"top_tier_accounts_short": 0}, True),
        ("top-tiers-served", {"top_tier_accounts_short": 1}, False),
        ("coverage", {"coverage_share": 0.95}, True),
        ("coverage", {"coverage_share": 0.9499}, False),
        ("coverage", {"coverage_share": NAN}, False),
        ("cost-growth", {"cost_change_share": 0.10}, True),
        ("cost-growth", {"cost_change_share": -0.5}, True),
        ("cost-growth", {"cost_change_share": None}, True),
        ("cost-growth", {"cost_change_share": 0.1001}, False),
        ("cost-growth", {"cost_change_share": NAN}, False),
    ],
)
def test_each_rule_alone_decides_between_policy_and_person(rule, changes, holds):
    judgement = judge_plan(replace(FINE, **changes))
    verdicts = {v.rule: v.holds for v in judgement.verdicts}
    assert verdicts == {name: holds if name == rule else True for name in verdicts}
    assert judgement.automatic is holds
    assert judgement.policy_version == shipped_table().version


def test_every_rule_answers_even_when_several_fail():
    facts = replace(
        FINE,
        data_age_days=30,
        top_tier_accounts_short=3,
        coverage_share=0.5,
        cost_change_share=0.4,
        stale_feeds=2,
        beyond_routine=2,
    )
    judgement = judge_plan(facts)
    rules = ["data-fresh", "top-tiers-served", "coverage", "cost-growth", "feeds-fresh", "routine"]
    assert [v.rule for v in judgement.verdicts] == rules
    assert not any(v.holds for v in judgement.verdicts)
    assert [v.sentence for v in judgement.verdicts] == [
        "The newest data is 30 days old; policy asks for at most 8.",
        "3 strategic or key accounts fall short.",
        "The plan covers 50.0% of need; policy asks for 95%.",
        "Cost changes by +40.0%; policy allows up to +10%.",
        "2 feeds behind it are older than a plan allows.",
        "2 tiers or accounts are cut by more than routine allows: a planner looks.",
    ]


@pytest.mark.parametrize(
    ("money", "currency", "settles"),
    [
        (Decimal("4999999.99"), "EUR", True),
        (Decimal("5000000.00"), "EUR", False),
        (Decimal("5000000.00"), "CHF", False),
        (Decimal("4999999.9999"), "CHF", True),
        (Decimal(0), "EUR", True),
        (None, "", True),
    ],
)
def test_money_decides_at_the_very_cent(money, currency, settles):
    judgement = judge_plan(FINE, money=money, currency=currency)
    assert judgement.automatic is settles
    assert settles or judgement.outcome.roles == ("executive",)


def test_a_limit_by_place_stands_in_for_the_tables_own():
    strict = judge_plan(FINE, limits={"coverage": 0.995})
    assert not strict.automatic
    assert "policy asks for 99.5%" in strict.verdicts[2].sentence
    assert judge_plan(replace(FINE, data_age_days=12), limits={"data-fresh": 14}).automatic


@pytest.mark.parametrize(
    ("kind", "tier", "money"),
    [
        ("none-such", "none", None),
        ("plan", "golden", None),
        ("plan", "none", Decimal(-1)),
        ("plan", "none", Decimal("NaN")),
    ],
)
def test_what_no_row_could_answer_is_refused(kind, tier, money):
    with pytest.raises(Invalid):
        judge_plan(FINE, kind=kind, tier=tier, money=money)


def test_a_fact_that_is_not_known_holds_only_where_the_rule_says_so():
    facts = {name: value for name, value in asdict(FINE).items() if name != "data_age_days"}
    judgement = judge(shipped_table(), replace(ask(), facts=facts))
    assert not judgement.automatic
    assert judgement.verdicts[0].sentence == "Data age days is not known."


def test_a_judgement_is_made_again_from_what_was_stored(db):
    question = ask(replace(FINE, coverage_share=0.5), limits={"data-fresh": 3})
    judgement = judge(shipped_table(), replace(question, facts=plain(question.facts)))
    evidence = {"question": plain(question), "judgement": plain(judgement)}
    recorded, again = judge_again(evidence, by=system_actor())
    assert recorded == again == digest(judgement)
    tampered = {**evidence, "question": {**evidence["question"], "facts": {**asdict(FINE), "coverage_share": 0.99}}}
    assert len(set(judge_again(tampered, by=system_actor()))) == 2
    assert question_of(evidence["question"]).money == question.money


@pytest.mark.parametrize(("days", "holds"), [("8", True), ("8.0", True), ("8.01", False)])
def test_an_exact_amount_stored_as_text_is_a_number(days, holds):
    facts = {**asdict(FINE), "data_age_days": days}
    assert judge(shipped_table(), replace(ask(), facts=facts)).automatic is holds


def test_a_fact_that_is_no_number_is_refused():
    with pytest.raises(Invalid, match="no number"):
        judge(shipped_table(), replace(ask(), facts={**asdict(FINE), "data_age_days": "old"}))
