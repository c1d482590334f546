"""Decide how many people keep a promise to answer: a question without a customer in it, nothing is recorded."""

from closeknit.kernel.actor import Actor
from closeknit.rooms.capacity.compute import calculator
from closeknit.rooms.capacity.contracts import (
    StaffingAnswer,
    StaffingDay,
    StaffingInterval,
    StaffingMethod,
    StaffingQuestion,
    VerifiedNumber,
)
from closeknit.rooms.org.contracts import Permission


def answer_staffing(question: StaffingQuestion, *, by: Actor) -> StaffingAnswer:
    """Size one interval: the fewest agents that meet every target, and what others would give.

    Raises:
        Invalid: for a number that no answer can be right for; it says which and what to give.
    """
    by.require(Permission.READ_CAPACITY)
    return calculator.answer(question)


def staff_day(
    question: StaffingQuestion,
    intervals: tuple[StaffingInterval, ...],
    *,
    method: StaffingMethod = StaffingMethod.AUTO,
    by: Actor,
) -> StaffingDay:
    """Size the intervals of a day, one after the other in time; the question gives the targets.

    Raises:
        Invalid: as `answer_staffing`, and where there are no intervals or too many.
    """
    by.require(Permission.READ_CAPACITY)
    return calculator.staff_day(question, intervals, method)


def verify_numbers(*, by: Actor) -> tuple[VerifiedNumber, ...]:
    """Compute published results again, here and now, beside what their sources print."""
    by.require(Permission.READ_CAPACITY)
    return calculator.verify()
