"""What is observed at touchpoints, and where they fall short."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from closeknit.rooms.customers.contracts.journey import Gap, Stage, TouchpointCard, TouchpointPlan, Triage
from closeknit.rooms.sensing.contracts.traffic import Traffic

LEAST_TO_JUDGE = 5
"""From so few finished, a median says nothing."""

Stated = tuple[UUID, TouchpointPlan, UUID]


def map_journey(
    stated: Sequence[Stated], traffic: Sequence[Traffic], owners: Mapping[str, str], days: int
) -> tuple[list[TouchpointCard], list[TouchpointCard]]:
    """Return touchpoints with what was observed there, and the work that no touchpoint covers.

    Work belongs to the touchpoint that says most of it: service and channel before one of them before neither.

    Args:
        owners: names of those who can sign in, by key.
    """
    mine: dict[UUID, list[Traffic]] = {touchpoint_id: [] for touchpoint_id, _, _ in stated}
    loose: list[Traffic] = []
    for part in traffic:
        fitting = [(_said(plan), plan.name, touchpoint_id) for touchpoint_id, plan, _ in stated if _covers(plan, part)]
        if fitting:
            mine[max(fitting)[2]].append(part)
        else:
            loose.append(part)
    mapped = [
        _card(touchpoint_id, plan, mine[touchpoint_id], owners, days, thread_id)
        for touchpoint_id, plan, thread_id in stated
    ]
    order = {stage: number for number, stage in enumerate(Stage)}
    mapped.sort(key=lambda card: (order[card.plan.stage], card.plan.name))
    return mapped, [_unmapped(part) for part in sorted(loose, key=lambda part: -part.count)]


def _covers(plan: TouchpointPlan, part: Traffic) -> bool:
    return (
        plan.operation == part.operation and plan.service in ("", part.service) and plan.channel in ("", part.channel)
    )


def _said(plan: TouchpointPlan) -> int:
    return bool(plan.service) + bool(plan.channel)


def _card(
    touchpoint_id: UUID,
    plan: TouchpointPlan,
    parts: Sequence[Traffic],
    owners: Mapping[str, str],
    days: int,
    thread_id: UUID,
) -> TouchpointCard:
    count = sum(part.count for part in parts)
    finished = [part for part in parts if part.median_minutes is not None]
    slowest = max(finished, key=lambda part: (part.finished >= LEAST_TO_JUDGE, part.median_minutes or 0), default=None)
    promised = sum(part.promised for part in parts)
    last: datetime | None = max((part.last_at for part in parts), default=None)
    return TouchpointCard(
        touchpoint_id=touchpoint_id,
        plan=plan,
        owner=owners.get(plan.owner_key, ""),
        count=count,
        last_at=last,
        median_minutes=slowest.median_minutes if slowest else None,
        p90_minutes=slowest.p90_minutes if slowest else None,
        met_share=sum(part.met for part in parts) / promised if promised else None,
        gaps=_gaps(plan, count, slowest, owners, days),
        thread_id=thread_id,
    )


def _gaps(
    plan: TouchpointPlan, count: int, slowest: Traffic | None, owners: Mapping[str, str], days: int
) -> dict[Gap, str]:
    gaps: dict[Gap, str] = {}
    if not count:
        gaps[Gap.NO_DATA] = f"Nothing was observed here in {days} days: no feed brings it, or nobody comes this way."
    if not plan.owner_key:
        gaps[Gap.NO_OWNER] = "Nobody answers for it."
    elif plan.owner_key not in owners:
        gaps[Gap.NO_OWNER] = "Who answered for it cannot sign in any more."
    elif not plan.queue:
        gaps[Gap.NO_OWNER] = "It reaches no queue that anybody named."
    if slowest and slowest.finished >= LEAST_TO_JUDGE and (slowest.median_minutes or 0) > plan.answer_within_minutes:
        gaps[Gap.TOO_SLOW] = (
            f"Half of it by {slowest.channel or slowest.service} took over {slowest.median_minutes:,.0f} minutes;"
            f" wanted within {plan.answer_within_minutes:,}."
        )
    if plan.triage is Triage.HAND:
        gaps[Gap.BY_HAND] = "Somebody reads each one to find its queue."
    return gaps


def _unmapped(part: Traffic) -> TouchpointCard:
    ways = " by ".join(dict.fromkeys(word for word in (part.service, part.channel) if word))
    plan = TouchpointPlan(
        ways or part.operation, Stage.USE, part.operation, part.service, part.channel, "", "", 0, Triage.RULE
    )
    return TouchpointCard(
        touchpoint_id=None,
        plan=plan,
        owner="",
        count=part.count,
        last_at=part.last_at,
        median_minutes=part.median_minutes,
        p90_minutes=part.p90_minutes,
        met_share=part.met / part.promised if part.promised else None,
        gaps={Gap.NOT_MAPPED: "It comes, and no touchpoint says to whom it goes."},
        thread_id=None,
    )
