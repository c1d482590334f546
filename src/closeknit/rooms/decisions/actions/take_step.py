"""Write one step of an escalation: its row, the ledger line, the news and the notices, in the caller's transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.kernel.news import Event
from closeknit.rooms.decisions.actions.notify import notify_people, settle_notices
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.compute.escalations import Step
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.decisions.contracts.escalations import (
    EscalationAcknowledged,
    EscalationClosed,
    EscalationMoved,
    EscalationPath,
    EscalationRaised,
    EscalationState,
    StepKind,
)
from closeknit.rooms.decisions.models import Escalation, EscalationStepRow
from closeknit.rooms.decisions.reads.escalations import path_of
from closeknit.rooms.org.contracts import Permission

ASKING = (StepKind.RAISED, StepKind.MOVED, StepKind.REPEATED, StepKind.HANDED_BACK, StepKind.REASSIGNED)
EVENTS: dict[StepKind, Callable[[Escalation], Event]] = {
    StepKind.RAISED: lambda row: EscalationRaised(row.thread_id, row.pk, row.path, row.cause),
    StepKind.ACKNOWLEDGED: lambda row: EscalationAcknowledged(row.thread_id, row.pk),
    StepKind.CLOSED: lambda row: EscalationClosed(row.thread_id, row.pk),
}


@dataclass(frozen=True, slots=True)
class Taking:
    """How a step is taken: the entrance's and the database's time, why, for whom (the key of who lent the hat)."""

    at: datetime
    now: datetime
    reason: str = ""
    for_key: str = ""


def take_step(row: Escalation, step: Step, taking: Taking, *, by: Actor) -> None:
    """Write a step of a locked row, and tell whom it asks. The caller has checked that it may be taken."""
    _apply(row, step, taking)
    row.save(force_update=True)
    EscalationStepRow.objects.bulk_create(
        [
            EscalationStepRow(
                escalation=row,
                number=row.steps,
                kind=step.kind.value,
                level=row.level,
                at=taking.now,
                actor_key=by.key,
                for_key=taking.for_key,
                asked_keys=row.asked_keys if step.kind in ASKING else [],
                reason=taking.reason,
            )
        ]
    )
    path = path_of(row)
    record_entry(_entry(row, path, step, taking), by=by)
    publish(EVENTS.get(step.kind, _moved)(row), by=by)
    _tell(row, path, step, taking, by)


def _moved(row: Escalation) -> Event:
    return EscalationMoved(row.thread_id, row.pk, row.level + 1)


def _apply(row: Escalation, step: Step, taking: Taking) -> None:
    after = step.standing
    row.state, row.level, row.next_level_at = after.state.value, after.level, after.next_at
    row.asked_keys, row.handed_back_keys, row.holder_key = list(after.asked), list(after.handed_back), after.holder
    row.steps += 1
    if step.kind is StepKind.ACKNOWLEDGED:
        row.acknowledged_at = taking.now
    elif after.state is EscalationState.OPEN:
        row.acknowledged_at = None
    if step.kind is StepKind.CLOSED:
        row.closed_at, row.reason = taking.now, taking.reason


def _entry(row: Escalation, path: EscalationPath, step: Step, taking: Taking) -> Entry:
    return Entry(
        thread_id=row.thread_id,
        kind=f"escalation.{step.kind.value}",
        subject=f"escalation:{row.pk}",
        sentence=_sentence(row, path, step, taking),
        evidence={
            "escalation_id": row.pk,
            "path": row.path,
            "path_version": row.path_version,
            "cause": row.cause,
            "step": row.steps,
            "level": row.level + 1,
            "asked": row.asked_keys,
            "passed_over_levels": [number + 1 for number in step.passed_over],
            "holder": row.holder_key,
            "for": taking.for_key,
            "next_level_at": row.next_level_at,
            "reason": taking.reason,
            "stated_at": taking.at,
        },
        account_number=row.account_number,
    )


def _sentence(row: Escalation, path: EscalationPath, step: Step, taking: Taking) -> str:
    """Say what happened. People's names stay out of the text: a later erasure could not reach them here."""
    about, because = f"“{row.title}”", f" Reason: {taking.reason}" if taking.reason else ""
    stand_in = " for another" if taking.for_key else ""
    if step.kind is StepKind.ACKNOWLEDGED:
        return f"{{actor}}{stand_in} took on {about}; the clock stops for {path.hold_minutes} minutes.{because}"
    if step.kind is StepKind.CLOSED:
        return f"{about} is closed.{because}"
    level = path.levels[row.level]
    count = len(row.asked_keys)
    whom = f"{count} {'person' if count == 1 else 'people'}" if count else "nobody, for nobody is there"
    passed = "".join(f" On level {number + 1} nobody is there." for number in step.passed_over)
    place = f"level {row.level + 1} of {len(path.levels)} ({level.role or level.calendar or 'one person'}) asks {whom}"
    what = {
        StepKind.RAISED: f"{about} is escalated: {place}.",
        StepKind.MOVED: f"{about} was not ended in time: {place}.",
        StepKind.REPEATED: f"{about} stands at the top and is asked again: {place}.",
        StepKind.HANDED_BACK: f"{{actor}}{stand_in} handed back {about}: {place}.",
        StepKind.REASSIGNED: f"{{actor}}{stand_in} gave {about} to another person.",
    }[step.kind]
    return f"{what}{passed}{because}"


def _tell(row: Escalation, path: EscalationPath, step: Step, taking: Taking, by: Actor) -> None:
    cause = _notice_cause(row.pk)
    if step.kind in (StepKind.ACKNOWLEDGED, StepKind.CLOSED):
        settle_notices(cause=cause, by=by, at=taking.at)
        return
    notify_people(
        to=row.asked_keys,
        cause=cause,
        title=row.title,
        body=f"{row.summary}\n\n{path.title}: level {row.level + 1} of {len(path.levels)}. "
        f"Without an answer by {row.next_level_at:%Y-%m-%d %H:%M} UTC the next people are asked.",
        link=f"/escalations/{row.pk}/",
        urgent=path.levels[row.level].urgent,
        thread_id=row.thread_id,
        account_number=row.account_number,
        permission=Permission.READ_DECISIONS,
        by=by,
        at=taking.at,
    )


def _notice_cause(escalation_id: UUID) -> str:
    """Return the cause under which people are told of an escalation: one for all of its steps."""
    return f"escalation:{escalation_id}"
