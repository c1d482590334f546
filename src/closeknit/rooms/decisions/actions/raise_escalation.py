"""Raise an escalation: something needs people and must not be overlooked."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.scope import seeing_everything
from closeknit.rooms.decisions.actions.take_step import Taking, take_step
from closeknit.rooms.decisions.compute.escalations import begin
from closeknit.rooms.decisions.compute.paths import plain_path
from closeknit.rooms.decisions.contracts.escalations import EscalationPath
from closeknit.rooms.decisions.models import Escalation
from closeknit.rooms.decisions.reads import timing
from closeknit.rooms.decisions.reads.asked import chooser_for
from closeknit.rooms.decisions.reads.paths import path_in_force

MOST_TRIES = 5


def raise_escalation(
    *,
    path: str,
    cause: str,
    title: str,
    summary: str,
    account_number: str = "",
    thread_id: UUID,
    by: Actor,
    at: datetime,
) -> UUID:
    """Ask the people of a path's first level, and return the escalation's id; the open one's where one stands.

    It commits with the caller's change. Needs no permission of its own: the change that it reports had one.

    Raises:
        NotFound: for a path that is not there.
        Invalid: without a cause or title.
    """
    if not cause.strip() or len(cause) > 200 or not title.strip():
        raise Invalid("An escalation needs a cause of at most 200 letters and a title.", where=f"path {path}")
    followed = path_in_force(path)
    # Whoever raises it may be unable to see the one that stands, and must not raise a second for that.
    with transaction.atomic(), seeing_everything():
        for _ in range(MOST_TRIES):
            now = timing.database_now()
            row = _draft(followed, cause, title, summary, account_number, thread_id, now)
            # Of several transactions with one cause one inserts, and the others wait here for its end.
            Escalation.objects.bulk_create([row], ignore_conflicts=True)
            standing = Escalation.objects.select_for_update().filter(cause=cause).exclude(state="closed").first()
            if standing is None:
                continue
            if standing.pk == row.pk:
                step = begin(followed, chooser_for(account_number, now), now)
                take_step(standing, step, Taking(at, now), by=by)
            return standing.pk
    raise Conflict("Escalations of this cause came and went meanwhile.", where=cause, todo="Try again.")


def _draft(
    path: EscalationPath, cause: str, title: str, summary: str, account_number: str, thread_id: UUID, now: datetime
) -> Escalation:
    return Escalation(
        id=ids.new_id(),
        path=path.path,
        path_version=path.version,
        body=plain_path(path),
        cause=cause,
        title=" ".join(title.split())[:200],
        summary=summary.strip(),
        account_number=account_number,
        thread_id=thread_id,
        raised_at=now,
        next_level_at=now,
    )
