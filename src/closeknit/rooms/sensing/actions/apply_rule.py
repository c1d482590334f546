"""Make one feed of a conflict follow the other, by a rule written into its recipe."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict as OutOfDate
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.find_conflicts import find_conflicts
from closeknit.rooms.sensing.actions.register_feed import register_feed
from closeknit.rooms.sensing.contracts import ConflictCard, ConflictState
from closeknit.rooms.sensing.models import Conflict
from closeknit.rooms.sensing.reads.conflicts import text_with_rule
from closeknit.rooms.sensing.storing.conflicts import conflict_entry
from closeknit.rooms.sensing.storing.mending import check_why


def apply_rule(
    conflict_id: UUID, feed: str, *, seen_version: str = "", why: str, by: Actor, at: datetime
) -> ConflictCard:
    """Decide that `feed`, one of a conflict's two, is to be read as the other one is, and save its recipe so.

    The next load is read by the rule, and takes up the refused rows that it makes good. Where recipes alone disagreed,
    the conflict ends here; where data did, it ends when the newest rows agree. Refuses a conflict that waits no more, a
    feed that is not in it, a recipe changed since `seen_version`, a missing reason, and what no rule can say by itself.
    """
    by.require(Permission.LOAD_DATA)
    check_why(why)
    with transaction.atomic():
        rows = Conflict.objects.select_for_update(of=("self",)).select_related("one_feed", "other_feed")
        row = rows.filter(pk=conflict_id).first()
        if row is None:
            raise NotFound("There is no such conflict.", where=str(conflict_id))
        if row.state != ConflictState.WAITING:
            raise OutOfDate("This conflict waits no more.", where=str(conflict_id), todo="Look at it again.")
        if feed not in (row.one_feed.name, row.other_feed.name):
            raise Invalid("This feed is not in the conflict.", where="feed", todo="Name one of its two feeds.")
        _save(row, feed, seen_version, why, by, at)
        find_conflicts(feed, by=by, at=at)
    return reads.get_conflict(conflict_id, by=by)


def _save(row: Conflict, feed: str, seen_version: str, why: str, by: Actor, at: datetime) -> None:
    is_one = feed == row.one_feed.name
    changed, follows = (row.one_feed, row.other_feed) if is_one else (row.other_feed, row.one_feed)
    text = text_with_rule(row, is_one=is_one)
    present = seen_version or changed.recipe_version
    card = register_feed(text, place="recipe", why=why, seen_version=present, by=by, at=at)
    said = (
        f"{{actor}} lets {changed.name} follow {follows.name} in {row.field} of {row.target}:"
        f" recipe version {card.recipe_version}. {why}"
    )
    row.settled_why = why
    changed.recipe_version = card.recipe_version
    record_entry(conflict_entry(row, "conflict.rule-applied", said), by=by)
