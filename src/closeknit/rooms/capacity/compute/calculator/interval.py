"""One interval: the fewest agents, and the curve around them."""

import math

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.queueing import (
    QueuePerformance,
    StaffingRequirement,
    queue_performance,
    required_agents,
    scheduled_agents,
)
from closeknit.kernel.output import share_text
from closeknit.rooms.capacity.compute.calculator.words import people, refusals, span_words
from closeknit.rooms.capacity.contracts import StaffingAnswer, StaffingPoint, StaffingQuestion

CURVE_EACH_WAY = 6
BINDING = {
    "no_work": "There is no work",
    "nothing": "No target asks for anybody",
    "stability": "That the queue must not grow without end sets the number",
    "service_level": "The service level sets the number",
    "mean_wait_of_answered": "The mean wait sets the number",
    "occupancy": "The occupancy sets the number",
    "abandoned": "The share that gives up sets the number",
}


def answer(question: StaffingQuestion) -> StaffingAnswer:
    """Size one interval: the fewest agents that meet every target, and what others would give."""
    with refusals():
        need = _required(question)
        agents = int(need.agents)
        numbers = np.arange(max(0, agents - CURVE_EACH_WAY), agents + CURVE_EACH_WAY + 1)
        given = _given(question, numbers)
        scheduled = int(scheduled_agents(agents, question.shrinkage_share))
    curve = tuple(_point(question, given, i, int(n)) for i, n in enumerate(numbers))
    at = next(point for point in curve if point.agents == agents)
    fewer = next((point for point in curve if point.agents == agents - 1), None)
    binding = BINDING[str(need.binding)]
    return StaffingAnswer(
        question=question,
        agents=agents,
        scheduled=scheduled,
        offered_erlangs=question.calls / question.interval_minutes * question.handle_minutes,
        model="Erlang C: nobody gives up" if question.patience_minutes is None else "Erlang A: callers give up",
        binding=binding,
        at=at,
        one_fewer=fewer,
        curve=curve,
        sentence=_sentence(question, at, fewer, scheduled, binding),
    )


def _per_hour(question: StaffingQuestion) -> float:
    return question.calls * 60.0 / question.interval_minutes if question.interval_minutes > 0 else math.nan


def _patience(question: StaffingQuestion) -> float:
    return math.inf if question.patience_minutes is None else question.patience_minutes


def _required(question: StaffingQuestion) -> StaffingRequirement:
    limits = (question.most_occupancy_share, question.longest_mean_wait_minutes, question.most_abandoned_share)
    occupancy, wait, abandoned = limits
    return required_agents(
        _per_hour(question),
        question.handle_minutes,
        question.threshold_minutes,
        question.target_share,
        max_occupancy_share=1.0 if occupancy is None else occupancy,
        max_mean_wait_of_answered_minutes=math.inf if wait is None else wait,
        max_abandoned_share=1.0 if abandoned is None else abandoned,
        patience_minutes=_patience(question),
    )


def _given(question: StaffingQuestion, agents: ArrayLike) -> QueuePerformance:
    return queue_performance(
        agents,
        _per_hour(question),
        question.handle_minutes,
        question.threshold_minutes,
        patience_minutes=_patience(question),
    )


def _point(question: StaffingQuestion, given: QueuePerformance, i: int, agents: int) -> StaffingPoint:
    wait = float(given.mean_wait_of_answered_minutes[i])
    level, abandoned = float(given.service_level_share[i]), float(given.abandoned_share[i])
    occupancy = float(given.occupancy_share[i])
    meets = [
        bool(given.is_stable[i]),
        level >= question.target_share,
        question.most_occupancy_share in (None, 1.0) or occupancy <= (question.most_occupancy_share or 0.0),
        question.most_abandoned_share is None or abandoned <= question.most_abandoned_share,
        question.longest_mean_wait_minutes is None or wait <= question.longest_mean_wait_minutes,
    ]
    return StaffingPoint(
        agents=agents,
        level_share=level,
        mean_wait_minutes=wait if math.isfinite(wait) else None,
        wait_share=float(given.wait_share[i]),
        occupancy_share=occupancy,
        abandoned_share=abandoned,
        meets_all=all(meets),
    )


def _sentence(
    question: StaffingQuestion, at: StaffingPoint, fewer: StaffingPoint | None, scheduled: int, binding: str
) -> str:
    within = span_words(question.threshold_minutes)
    if at.agents == 0:
        return "Without calls nobody is needed."
    said = f"{people(at.agents)} answer {share_text(at.level_share)} of calls within {within}"
    said += f", and {share_text(at.abandoned_share)} give up" if question.patience_minutes is not None else ""
    if fewer is not None:
        less = "one fewer would fall behind without end"
        if fewer.mean_wait_minutes is not None:
            less = f"one fewer would answer {share_text(fewer.level_share)}"
        said += f"; {less}"
    said += f". {binding}."
    if question.shrinkage_share:
        said += f" With {float(question.shrinkage_share) * 100:.3g}% shrinkage, schedule {scheduled:,}."
    return said
