"""The rule that picks a term is a door; see contracts.py."""

from closeknit.rooms.agreements.contracts import pick_term

__all__ = ["pick_term"]
