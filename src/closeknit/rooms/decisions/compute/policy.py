"""The approval policy as a pure function: every row is asked, every answer is kept."""

from closeknit.kernel.output import share_text
from closeknit.rooms.decisions.contracts import Judgement, PlanFacts, RuleVerdict

POLICY_VERSION = "plan-approval/2"
MOST_COST_GROWTH_SHARE = 0.10
LEAST_COVERAGE_SHARE = 0.95
MOST_DATA_AGE_DAYS = 8


def judge_plan(facts: PlanFacts) -> Judgement:
    """Decide whether policy may settle a plan, or a person must: any row that does not hold sends it to a person."""
    verdicts = (
        RuleVerdict("data-fresh", facts.data_age_days <= MOST_DATA_AGE_DAYS, _freshness(facts)),
        RuleVerdict("top-tiers-served", facts.top_tier_accounts_short == 0, _top_tiers(facts)),
        RuleVerdict("coverage", facts.coverage_share >= LEAST_COVERAGE_SHARE, _coverage(facts)),
        RuleVerdict("cost-growth", _growth_is_small(facts), _growth(facts)),
    )
    return Judgement(all(v.holds for v in verdicts), POLICY_VERSION, verdicts)


def _freshness(facts: PlanFacts) -> str:
    return f"The newest data is {facts.data_age_days} days old; policy asks for at most {MOST_DATA_AGE_DAYS}."


def _top_tiers(facts: PlanFacts) -> str:
    if facts.top_tier_accounts_short == 0:
        return "No strategic or key account falls short."
    return f"{facts.top_tier_accounts_short} strategic or key accounts fall short."


def _coverage(facts: PlanFacts) -> str:
    return f"The plan covers {share_text(facts.coverage_share)} of need; policy asks for {LEAST_COVERAGE_SHARE:.0%}."


def _growth_is_small(facts: PlanFacts) -> bool:
    return facts.cost_change_share is None or facts.cost_change_share <= MOST_COST_GROWTH_SHARE


def _growth(facts: PlanFacts) -> str:
    if facts.cost_change_share is None:
        return "There is no plan in force to compare the cost with."
    return f"Cost changes by {facts.cost_change_share:+.1%}; policy allows up to {MOST_COST_GROWTH_SHARE:+.0%}."
