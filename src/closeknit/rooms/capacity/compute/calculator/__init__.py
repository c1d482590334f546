"""Staffing questions without a customer in them: from the calculator's words to the engine and back. Pure."""

from closeknit.rooms.capacity.compute.calculator.day import staff_day
from closeknit.rooms.capacity.compute.calculator.interval import answer
from closeknit.rooms.capacity.compute.calculator.published import verify

__all__ = ["answer", "staff_day", "verify"]
