"""Try refused rows again, as they are, after a load brought what they waited for."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.actions.mend_rows import mend_batch
from closeknit.rooms.sensing.mapping.recipe import Recipe
from closeknit.rooms.sensing.models import Batch, FactRow, QuarantinedRow
from closeknit.rooms.sensing.reads.quarantine import is_unreadable, stream_of_row, why_not
from closeknit.rooms.sensing.storing.mending import by_batch

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 10_000
FOR_A_PERSON = "key-conflict"


def release_waiting(batch: Batch, recipe: Recipe, *, by: Actor, at: datetime) -> int:
    """Take up the feed's refused rows that a load let become good, and return how many were accepted.

    A load that stated facts settles rows that named unknown ones; the first load by a version of the recipe settles
    every row that this version can read. What is still refused waits on, unchanged; of two rows that contradict each
    other a person decides. Called while nobody else loads the feed.
    """
    by.require(Permission.LOAD_DATA)
    waiting = QuarantinedRow.objects.filter(feed_id=batch.feed_id, released_at=None)
    if not waiting.exists():
        return 0
    asked = _kinds_asked_for(recipe)
    unknown = waiting.filter(code__in=[f"unknown-{kind}" for kind in asked])
    accepted = found = 0
    if _is_first_by_its_recipe(batch):
        accepted = found = _try_each(batch, recipe, waiting.exclude(code=FOR_A_PERSON).exclude(batch=batch), by, at)
    if found or asked & _stated(batch):
        while found := _try_each(batch, recipe, unknown, by, at):
            accepted += found
    return accepted


def _is_first_by_its_recipe(batch: Batch) -> bool:
    same = Batch.objects.filter(feed_id=batch.feed_id, recipe_version=batch.recipe_version, state=Batch.State.DONE)
    return not same.exclude(pk=batch.pk).exists()


def _kinds_asked_for(recipe: Recipe) -> set[str]:
    specs = [spec for stream in recipe.streams for spec in stream.fields.values()]
    return {str(spec["known"]) for spec in specs if isinstance(spec, dict) and "known" in spec}


def _stated(batch: Batch) -> set[str]:
    return set(FactRow.objects.filter(batch=batch, is_assumed=False).values_list("kind", flat=True).distinct())


def _try_each(batch: Batch, recipe: Recipe, waiting: QuerySet[QuarantinedRow], by: Actor, at: datetime) -> int:
    """Try every one of these rows once; return how many were accepted."""
    accepted = last = 0
    while row_ids := list(waiting.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:ROWS_AT_ONCE]):
        last = row_ids[-1]
        accepted += _try(batch, recipe, row_ids, by, at)
    return accepted


def _try(batch: Batch, recipe: Recipe, row_ids: Sequence[int], by: Actor, at: datetime) -> int:
    accepted = 0
    with transaction.atomic():
        rows = QuarantinedRow.objects.select_for_update(of=("self",)).select_related("batch", "feed")
        rows = rows.filter(pk__in=row_ids, released_at=None).order_by("pk")
        for held, part in by_batch([row for row in rows if _is_readable(recipe, row)]):
            why = f"Load {batch.pk} ({batch.source_name[:200]}) brought what they waited for."
            try:
                with transaction.atomic():
                    outcome = mend_batch(held, part, recipe, lambda said: said, why=why, by=by, at=at)
            except Invalid as refusal:
                # The recipe asks for columns that these rows do not have: they wait for a person.
                log.info("Refused rows of load %s wait on: %s", held.pk, refusal)
                continue
            accepted += outcome.accepted
    return accepted


def _is_readable(recipe: Recipe, row: QuarantinedRow) -> bool:
    stream = stream_of_row(recipe, row)
    return stream is not None and not is_unreadable(row) and not why_not(recipe, stream, row)
