"""A day of intervals, one after the other in time."""

import math

import numpy as np

from closeknit.engine import queueing
from closeknit.engine.queueing import IntervalStaffing, required_agents_by_interval, scheduled_agents
from closeknit.kernel.errors import Invalid
from closeknit.kernel.output import share_text
from closeknit.rooms.capacity.compute.calculator.words import people, refusals, span_words
from closeknit.rooms.capacity.contracts import (
    StaffingDay,
    StaffingInterval,
    StaffingIntervalAnswer,
    StaffingMethod,
    StaffingQuestion,
)


def staff_day(
    question: StaffingQuestion, intervals: tuple[StaffingInterval, ...], method: StaffingMethod
) -> StaffingDay:
    """Size the intervals of a day; the question gives the targets, and the handling time where an interval has none."""
    if not intervals:
        raise Invalid("There is no interval to staff.", where="intervals", todo="Give at least one.")
    with refusals():
        staffed = _staffed(question, intervals, method)
        scheduled = [int(scheduled_agents(int(n), question.shrinkage_share)) for n in staffed.agents]
    reached, hours = staffed.performance, question.interval_minutes / 60.0
    rows = tuple(
        StaffingIntervalAnswer(
            label=interval.label,
            calls=interval.calls,
            agents=int(staffed.agents[i]),
            scheduled=scheduled[i],
            level_share=float(reached.level_of_offered_share[i]),
            mean_wait_minutes=float(reached.mean_wait_minutes[i]),
            occupancy_share=float(reached.occupancy_share[i]),
            abandoned_share=float(reached.abandoned_share[i]),
        )
        for i, interval in enumerate(intervals)
    )
    return StaffingDay(
        rows=rows,
        method=StaffingMethod(str(staffed.method)),
        why=str(staffed.why),
        agent_hours=float(staffed.agents.sum()) * hours,
        scheduled_hours=sum(scheduled) * hours,
        worst_level_share=min((row.level_share for row in rows if row.calls > 0), default=1.0),
        stationary_worst_share=float(staffed.stationary_worst_share),
        stationary_below=int(staffed.stationary_missed_intervals),
        sentence=_sentence(question, rows, staffed),
    )


def _staffed(
    question: StaffingQuestion, intervals: tuple[StaffingInterval, ...], method: StaffingMethod
) -> IntervalStaffing:
    calls = np.array([interval.calls for interval in intervals])
    own = [question.handle_minutes if i.handle_minutes is None else i.handle_minutes for i in intervals]
    occupancy, wait = question.most_occupancy_share, question.longest_mean_wait_minutes
    return required_agents_by_interval(
        calls * 60.0 / question.interval_minutes if question.interval_minutes > 0 else calls * math.nan,
        question.interval_minutes,
        np.array(own),
        question.threshold_minutes,
        question.target_share,
        question.patience_minutes,
        max_occupancy_share=1.0 if occupancy is None else occupancy,
        max_abandoned_share=1.0 if question.most_abandoned_share is None else question.most_abandoned_share,
        max_mean_wait_minutes=math.inf if wait is None else wait,
        method=queueing.StaffingMethod(method.value),
    )


def _sentence(question: StaffingQuestion, rows: tuple[StaffingIntervalAnswer, ...], staffed: IntervalStaffing) -> str:
    within = span_words(question.threshold_minutes)
    peak = max(rows, key=lambda row: row.agents)
    worst = min((row for row in rows if row.calls > 0), key=lambda row: row.level_share, default=None)
    hours = sum(row.agents for row in rows) * question.interval_minutes / 60.0
    if worst is None:
        return "Without calls nobody is needed."
    said = f"{hours:,.1f} agent-hours, {people(peak.agents)} at the peak ({peak.label}). "
    said += f"The worst interval ({worst.label}) answers {share_text(worst.level_share)} within {within}. "
    missed = int(staffed.stationary_missed_intervals)
    if missed:
        alone = f"Staffing each interval by itself would miss a target in {missed} of {len(rows)}"
        said += f"{alone}, at worst {share_text(float(staffed.stationary_worst_share))}. "
    return f"{said}Method {staffed.why}."
