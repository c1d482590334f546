"""The sums of customers: tiers by rank. Pure: no database."""

from closeknit.rooms.customers.compute.tiers import rank_tiers

__all__ = ["rank_tiers"]
