"""What decisions computes: the approval policy, and the ledger's tree, statements and check. No database."""

from closeknit.rooms.decisions.compute.policy import (
    LEAST_COVERAGE_SHARE,
    MOST_COST_GROWTH_SHARE,
    POLICY_VERSION,
    judge_plan,
)

__all__ = ["LEAST_COVERAGE_SHARE", "MOST_COST_GROWTH_SHARE", "POLICY_VERSION", "judge_plan"]
