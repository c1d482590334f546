"""What the calls of a replication add up to, by class and interval, group and interval, and account."""

import math

from closeknit.engine.compiled import Cube, IntMatrix, IntVector, Matrix, Vector, inlined, kernel
from closeknit.engine.simulation.calendar_kernels import INDEX
from closeknit.engine.simulation.event_kernels import BLOCKED

OFFERED, RETRIED, SERVED, ABANDONED, BLOCKED_CALLS, LEFT, LOST = range(7)
SERVED_IN_TIME, VIRTUAL_IN_TIME, WAITED, SERVED_WAITED, QUEUED, WAITING_AT_END = range(7, 13)
MEASURES = 13
TAKEN, BUSY = range(2)
GROUP_MEASURES = 2
ACCOUNT_MEASURES = 6
"""Offered, served, abandoned, served in time, minutes waited, minutes waited by those served."""


@inlined
def _spread(row: Vector, place: int, width: int, since: float, until: float, length: float, steps: int) -> None:
    """Add the minutes from `since` to `until` to the intervals they fall into, the rest to one more."""
    t = min(int(since / length), steps)
    at = (t * width + place) & INDEX
    while t < steps and until > (t + 1) * length:
        row[at] += max((t + 1) * length - since, 0.0)
        since = max(since, (t + 1) * length)
        t += 1
        at = (at + width) & INDEX
    row[at] += max(until - since, 0.0)


@kernel
def tally_calls(
    start: int,
    stop: int,
    stop_at: float,
    interval_minutes: float,
    intervals: int,
    warm_up: int,
    threshold: Vector,
    first: IntMatrix,
    arrivals: IntMatrix,
    last: IntMatrix,
    enter: Vector,
    patience: Vector,
    handle: Vector,
    factor: Matrix,
    next_try: IntVector,
    account: IntVector,
    start_at: Vector,
    taken_by: IntVector,
    by_class: Cube,
    by_group: Matrix,
    by_account: Cube,
    flows: Matrix,
) -> None:
    """Fill `by_class[replication, class, interval x measure]` and so on, with one interval more for what comes after.

    `flows[replication]` gets what the event kernel counted its own way: waits by class, work by group, taken, entered.
    """
    for replication in range(start, stop):
        for k in range(first.shape[1]):
            begin = first[replication, k]
            _tally_class(
                k, stop_at, interval_minutes, intervals, threshold[k], begin, begin + arrivals[replication, k],
                last[replication, k], enter, patience, handle, factor, next_try, start_at, taken_by,
                by_class[replication, k], by_group[replication], flows[replication],
            )  # fmt: skip
            if account.size > 0:
                _tally_accounts(
                    stop_at, interval_minutes, warm_up, intervals, threshold[k], begin, last[replication, k], enter,
                    patience, account, start_at, taken_by, by_account[replication],
                )  # fmt: skip


@kernel
def _tally_class(
    k: int,
    stop_at: float,
    length: float,
    steps: int,
    threshold: float,
    begin: int,
    middle: int,
    end: int,
    enter: Vector,
    patience: Vector,
    handle: Vector,
    factor: Matrix,
    next_try: IntVector,
    start_at: Vector,
    taken_by: IntVector,
    row: Vector,
    by_group: Vector,
    flows: Vector,
) -> None:
    classes = factor.shape[0]
    groups = factor.shape[1]
    worked = flows[classes : classes + groups]
    taken = 0
    virtual_waits = 0.0
    end_of_plan = steps * length
    for place in range(begin, end):
        call = place & INDEX
        since = enter[call]
        if since == math.inf:
            continue
        t = (min(int(since / length), steps) * MEASURES) & INDEX
        row[t + OFFERED] += 1.0
        row[t + RETRIED] += 1.0 if call >= middle else 0.0
        g = taken_by[call]
        now = start_at[call]
        until = min(now, since + patience[call])
        virtual_waits += now - since if now < math.inf else 0.0
        # Without branches, for who waits too long cannot be foreseen.
        in_time = 1.0 if now - since <= threshold else 0.0
        row[t + VIRTUAL_IN_TIME] += in_time
        if g >= 0:
            g &= INDEX
            row[t + SERVED] += 1.0
            row[t + SERVED_WAITED] += now - since
            row[t + SERVED_IN_TIME] += in_time
            work = handle[call] * factor[k & INDEX, g]
            worked[g] += work
            taken += 1
            first = g * (steps + 1) * GROUP_MEASURES
            by_group[(first + min(int(now / length), steps) * GROUP_MEASURES + TAKEN) & INDEX] += 1.0
            _spread(by_group, first + BUSY, GROUP_MEASURES, now, now + work, length, steps)
        else:
            if g == BLOCKED:
                row[t + BLOCKED_CALLS] += 1.0
                until = since
            elif until < stop_at:
                row[t + ABANDONED] += 1.0
            else:
                row[t + LEFT] += 1.0
                until = max(since, end_of_plan)
            if next_try.size == 0 or next_try[call] < 0:
                row[t + LOST] += 1.0
        row[t + WAITED] += until - since
        if until >= end_of_plan and since < end_of_plan and (until > end_of_plan or g < 0):
            row[t + WAITING_AT_END] += 1.0
        _spread(row, QUEUED, MEASURES, since, until, length, steps)
    flows[classes + groups] += taken
    flows[k] += virtual_waits
    for t in range(steps + 1):
        flows[classes + groups + 1] += row[t * MEASURES + OFFERED]


@kernel
def _tally_accounts(
    stop_at: float,
    length: float,
    warm_up: int,
    steps: int,
    threshold: float,
    begin: int,
    end: int,
    enter: Vector,
    patience: Vector,
    account: IntVector,
    start_at: Vector,
    taken_by: IntVector,
    by_account: Matrix,
) -> None:
    for call in range(begin, end):
        since = enter[call]
        whose = account[call]
        if since == math.inf or whose < 0 or not warm_up <= int(since / length) < steps:
            continue
        by_account[whose, 0] += 1.0
        if taken_by[call] == BLOCKED:
            continue
        until = min(start_at[call], since + patience[call])
        if taken_by[call] >= 0:
            by_account[whose, 1] += 1.0
            by_account[whose, 5] += until - since
            if until - since <= threshold:
                by_account[whose, 3] += 1.0
        elif until < stop_at:
            by_account[whose, 2] += 1.0
        else:
            until = max(since, steps * length)
        by_account[whose, 4] += until - since
