"""The sums of customers: tiers by rank, what insights are worth, what a text gives away. Pure: no database."""

from closeknit.rooms.customers.compute.insights import contradictions, judge_author, size_ratio, weigh
from closeknit.rooms.customers.compute.sensitive import find_sensitive
from closeknit.rooms.customers.compute.tiers import rank_tiers

__all__ = ["contradictions", "find_sensitive", "judge_author", "rank_tiers", "size_ratio", "weigh"]
