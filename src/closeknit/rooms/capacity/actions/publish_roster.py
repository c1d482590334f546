"""Make a draft roster what its people go by, with a reason."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.capacity.contracts.rosters import LONGEST_ROSTER_WEEKS, RosterPublished
from closeknit.rooms.capacity.models import Plan, Pool, Roster
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission

LONGEST_REASON = 1000


def publish_roster(roster_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Publish a draft; the pool's published rosters of any of its weeks are superseded.

    What people go by already is changed by other eyes only: who made the draft cannot publish it over another one.

    Raises:
        Denied: without the right to publish rosters.
        NotFound: for a roster that is not there, or not the actor's to see.
        Conflict: for one that is no draft, or whose plan is no longer in force; for the actor's own where it would take
            the place of a published one.
        Invalid: without a reason.
    """
    by.require(Permission.PUBLISH_ROSTER)
    words = reason.strip()
    if not words or len(words) > LONGEST_REASON or "\x00" in words:
        raise Invalid("A roster is published with a reason.", where="reason", todo="Say in a sentence why this one.")
    if not by.scope_of(Permission.PUBLISH_ROSTER).every_account:
        raise NotFound("There is no such roster.", where=str(roster_id))
    with transaction.atomic():
        row = _locked(roster_id)
        if row.state != Roster.State.DRAFT:
            raise Conflict(f"This roster is {row.state}.", where=f"roster:{roster_id}", todo="Make another one.")
        if row.plan.state != Plan.State.COMMITTED:
            raise Conflict(
                "The plan that this roster was made for is no longer in force.",
                where=f"roster:{roster_id}",
                todo="Make another one: it will follow the plan in force.",
            )
        replaced = _replaced(row)
        if replaced and row.made_by_key == by.key:
            raise Conflict(
                "It would change what people go by already, and you made it yourself.",
                where=f"roster:{roster_id}",
                todo="Ask somebody else who may publish rosters to look at it and publish it.",
            )
        Roster.objects.filter(pk__in=replaced).update(state=Roster.State.SUPERSEDED)
        Roster.objects.filter(pk=row.pk).update(
            state=Roster.State.PUBLISHED,
            published_at=at,
            published_by_key=by.key,
            published_by_name=by.name_for(Permission.PUBLISH_ROSTER)[:120],
            reason=words,
        )
        record_entry(_entry(row, words, replaced), by=by)
        publish(RosterPublished(row.thread_id, row.pk, row.pool), by=by)


def _locked(roster_id: UUID) -> Roster:
    known = Roster.objects.filter(pk=roster_id).values_list("pool", flat=True).first()
    if known is None:
        raise NotFound("There is no such roster.", where=str(roster_id))
    # One lock per pool orders two publications that arrive together.
    Pool.objects.select_for_update().get(pool=known)
    return Roster.objects.select_related("plan").get(pk=roster_id)


def _replaced(row: Roster) -> list[UUID]:
    """Return the pool's published rosters that share a week with a draft."""
    until_on = row.first_on + timedelta(days=7 * row.weeks)
    near = Roster.objects.filter(
        pool=row.pool,
        state=Roster.State.PUBLISHED,
        first_on__lt=until_on,
        first_on__gt=row.first_on - timedelta(days=7 * LONGEST_ROSTER_WEEKS),
    )
    return [each.pk for each in near if each.first_on + timedelta(days=7 * each.weeks) > row.first_on]


def _entry(row: Roster, words: str, superseded: list[UUID]) -> Entry:
    return Entry(
        thread_id=row.thread_id,
        kind="roster.published",
        subject=f"roster:{row.pk}",
        sentence=f"{{actor}} published the roster of {row.pool_name}, {row.weeks} weeks from {row.first_on}: {words}",
        evidence={
            "roster_id": row.pk,
            "reason": words,
            "result_digest": row.result_digest,
            "superseded": [str(pk) for pk in superseded],
        },
    )
