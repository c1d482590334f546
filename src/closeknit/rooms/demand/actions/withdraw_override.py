"""Take an override back: the next forecast goes without it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.replan import request_replan
from closeknit.rooms.demand.contracts import OverrideEnded, OverrideState, place_words
from closeknit.rooms.demand.models import Override
from closeknit.rooms.org.contracts import Permission


def withdraw_override(override_id: UUID, *, reason: str, replan: bool = True, by: Actor, at: datetime) -> None:
    """Withdraw a standing override; unless `replan` is off, a new forecast and plan follow in its thread.

    Whoever may adjust the forecasts of its place may take it back.

    Raises:
        NotFound: for one that is not there or out of sight.
        Denied: for one of a place that the actor may not adjust.
        Invalid: without a reason.
        Conflict: for one that does not stand any more.
    """
    by.require(Permission.ADJUST_FORECAST)
    card = reads.get_override(override_id, by=by)
    reads.get_adjustable_place(card.place, by=by)
    if not reason.strip():
        raise Invalid("Why is it taken back?", where="reason", todo="Say it in a sentence.")
    with transaction.atomic():
        row = Override.objects.select_for_update().get(pk=override_id)
        if row.state != OverrideState.STANDING:
            raise Conflict(f"This override is {row.state} already.", where=str(override_id))
        row.state, row.ended_at, row.end_reason = OverrideState.WITHDRAWN.value, at, reason.strip()
        row.ended_by_key, row.ended_by_name = by.key, by.name
        row.save(update_fields=["state", "ended_at", "end_reason", "ended_by_key", "ended_by_name"])
        record_entry(_entry(row), by=by)
        publish(OverrideEnded(row.thread_id, row.pk, row.operation, row.state), by=by)
        run = reads.find_current_run(row.operation, by=by)
        if replan and run:
            request_replan(run, because=f"override:{row.pk}", thread_id=row.thread_id, by=by)


def _entry(row: Override) -> Entry:
    return Entry(
        thread_id=row.thread_id,
        kind="override.withdrawn",
        subject=f"override:{row.pk}",
        sentence=(
            f"{{actor}} took back the change to the forecast of {row.operation}, {place_words(row.place)}."
            f" Because: {row.end_reason}"
        ),
        account_number=row.account_number,
        evidence={"override_id": row.pk, "made_at": row.made_at, "reason": row.end_reason},
    )
