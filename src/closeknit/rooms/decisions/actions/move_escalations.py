"""Move on what nobody ended in time: the timers of escalations, which run in the database's time."""

import logging
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.actions.take_step import Taking, take_step
from closeknit.rooms.decisions.compute.escalations import move
from closeknit.rooms.decisions.models import Escalation
from closeknit.rooms.decisions.reads import timing
from closeknit.rooms.decisions.reads.asked import chooser_for
from closeknit.rooms.decisions.reads.escalations import path_of, standing_of
from closeknit.rooms.org.contracts import Permission

log = logging.getLogger(__name__)


def move_due_escalations(*, by: Actor, limit: int = 200) -> int:
    """Take the step of each escalation whose timer ran out, each in a transaction of its own; return how many.

    Several processes may do so at once: each claims rows that no other holds. One that fails is left for later and
    stops no other.
    """
    by.require(Permission.READ_LEDGER)
    moved, passed = 0, set[UUID]()
    while moved + len(passed) < limit:
        row_id = None
        try:
            with transaction.atomic():
                now = timing.database_now()
                row = _claim(now, passed)
                if row is None:
                    break
                row_id = row.pk
                step = move(path_of(row), standing_of(row), chooser_for(row.account_number, now), now)
                if step is None:
                    passed.add(row.pk)
                    continue
                take_step(row, step, Taking(now, now), by=by)
            moved += 1
        except Exception:
            if row_id is None:
                raise
            log.exception("escalation %s could not be moved on; trying again later", row_id)
            passed.add(row_id)
    return moved


def _claim(now: object, passed: set[UUID]) -> Escalation | None:
    due = Escalation.objects.select_for_update(skip_locked=True).filter(next_level_at__lte=now)
    return due.exclude(pk__in=passed).exclude(state=Escalation.State.CLOSED).order_by("next_level_at", "id").first()
