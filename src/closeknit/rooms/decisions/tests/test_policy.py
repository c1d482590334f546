"""The approval policy, rule by rule and both ways: any rule that does not hold sends the plan to a person."""

from dataclasses import replace
from decimal import Decimal

import pytest

from closeknit.rooms.decisions.compute import POLICY_VERSION, judge_plan
from closeknit.rooms.decisions.contracts import PlanFacts

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


@pytest.mark.parametrize(
    ("rule", "changes", "holds"),
    [
        ("data-fresh", {"data_age_days": 8}, True),
        ("data-fresh", {"data_age_days": 9}, False),
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
    assert judgement.policy_version == POLICY_VERSION


def test_every_rule_answers_even_when_several_fail():
    facts = replace(FINE, data_age_days=30, top_tier_accounts_short=3, coverage_share=0.5, cost_change_share=0.4)
    judgement = judge_plan(facts)
    assert [v.rule for v in judgement.verdicts] == [
        "data-fresh",
        "top-tiers-served",
        "coverage",
        "cost-growth",
    ]
    assert not any(v.holds for v in judgement.verdicts)
    assert [v.sentence for v in judgement.verdicts] == [
        "The newest data is 30 days old; policy asks for at most 8.",
        "3 strategic or key accounts fall short.",
        "The plan covers 50.0% of need; policy asks for 95%.",
        "Cost changes by +40.0%; policy allows up to +10%.",
    ]
