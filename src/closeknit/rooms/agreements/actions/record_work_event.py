"""Record what happened to a piece of work that its source does not say: its clocks are computed from it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.rooms.agreements.contracts.clocks import WorkEventKind
from closeknit.rooms.agreements.models import WorkEvent
from closeknit.rooms.agreements.reads.clocks import find_work
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.contracts.timed_work import TimedWork

NEEDS = {
    WorkEventKind.HELD: ("reason", "A hold needs a reason.", "Say what the work waits for."),
    WorkEventKind.PRIORITY: ("work_class", "A change of priority names the new one.", "Such as P1."),
}


@dataclass(frozen=True, slots=True)
class WantedWorkEvent:
    """What happened to the work of an operation with a key, and when."""

    operation: str
    work_key: str
    kind: WorkEventKind
    happened_at: datetime
    reason: str = ""
    work_class: str = ""


def record_work_event(wanted: WantedWorkEvent, *, by: Actor, at: datetime) -> None:
    """Add an event to a piece of work; what was recorded before stays.

    Raises:
        NotFound: for work that no source stated, or of an account that the actor may not act for.
        Invalid: for what has not happened yet, or before the work came; a hold or priority that is not said.
        Conflict: for what cannot follow what was recorded: resumed without a hold, held twice, reopened while open.
    """
    by.require(Permission.RECORD_INSIGHT)
    work = find_work(wanted.operation, wanted.work_key)
    if work is None or work.account_number not in org.list_visible(
        [work.account_number], permission=Permission.RECORD_INSIGHT, by=by
    ):
        raise NotFound("There is no such work.", where=f"{wanted.operation}/{wanted.work_key}")
    _check(wanted, work, at)
    with transaction.atomic():
        rows = WorkEvent.objects.select_for_update().filter(operation=work.operation, work_key=work.key)
        earlier = list(rows.order_by("at", "pk"))
        _check_order(wanted, work, [row for row in earlier if row.at <= wanted.happened_at])
        thread_id = earlier[0].thread_id if earlier else ids.new_id()
        WorkEvent.objects.create(
            thread_id=thread_id,
            operation=work.operation,
            work_key=work.key,
            account_number=work.account_number,
            kind=wanted.kind.value,
            reason=wanted.reason.strip(),
            work_class=wanted.work_class.strip(),
            at=wanted.happened_at,
            recorded_at=at,
            recorded_by_key=by.key,
        )
        record_entry(
            Entry(
                thread_id=thread_id,
                kind="work.event",
                subject=f"work:{work.operation}/{work.key}"[:120],
                sentence=f"{{actor}} recorded of {work.operation} {work.key}: {_said(wanted)}.",
                account_number=work.account_number,
                evidence={
                    "operation": work.operation,
                    "key": work.key,
                    "kind": wanted.kind.value,
                    "happened_at": wanted.happened_at,
                    "reason": wanted.reason.strip(),
                    "work_class": wanted.work_class.strip(),
                },
            ),
            by=by,
        )


def _said(wanted: WantedWorkEvent) -> str:
    more = wanted.reason.strip() or wanted.work_class.strip()
    return f"{wanted.kind}{f' ({more})' if more else ''}"


def _check(wanted: WantedWorkEvent, work: TimedWork, at: datetime) -> None:
    where, what, todo = NEEDS.get(wanted.kind, ("", "", ""))
    if where and not getattr(wanted, where).strip():
        raise Invalid(what, where=where, todo=todo)
    for name, most in (("reason", 120), ("work_class", 80)):
        text = getattr(wanted, name)
        if len(text) > most or not text.isprintable():
            raise Invalid(f"At most {most} plain characters.", where=name)
    if wanted.happened_at > at:
        raise Invalid("This has not happened yet.", where="happened_at", todo="Record it when it has.")
    if wanted.happened_at < work.occurred_at:
        raise Invalid("The work had not come by then.", where="happened_at", todo="Give a later time.")


def _check_order(wanted: WantedWorkEvent, work: TimedWork, before: list[WorkEvent]) -> None:
    kinds = [WorkEventKind(row.kind) for row in before]
    ended_by_source = work.finished_at is not None and work.finished_at <= wanted.happened_at
    ends = [kind for kind in kinds if kind in (WorkEventKind.DONE, WorkEventKind.REOPENED)]
    is_over = ends[-1] is WorkEventKind.DONE if ends else ended_by_source
    holds = [kind for kind in kinds if kind in (WorkEventKind.HELD, WorkEventKind.RESUMED)]
    is_held = bool(holds) and holds[-1] is WorkEventKind.HELD
    if is_over and wanted.kind is not WorkEventKind.REOPENED:
        raise Conflict("This work was over by then.", where="kind", todo="Record first that it was reopened.")
    if wanted.kind is WorkEventKind.REOPENED and not is_over:
        raise Conflict("This work was still open.", where="kind", todo="Only what is done can be reopened.")
    if wanted.kind is WorkEventKind.RESUMED and not is_held:
        raise Conflict("This work was not on hold.", where="kind", todo="Record the hold first.")
    if wanted.kind is WorkEventKind.HELD and is_held:
        raise Conflict("This work is on hold already.", where="kind", todo="Record first that it was resumed.")
