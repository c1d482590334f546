"""Find where a feed disagrees with others on what a field is; each disagreement waits for its data steward."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.decisions.actions.close_escalation import close_escalation
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, StewardCard
from closeknit.rooms.sensing.contracts import CONFLICT_DUE_HOURS, ConflictState, Disagreement
from closeknit.rooms.sensing.mapping.disagreeing import recipes_disagree, values_disagree
from closeknit.rooms.sensing.mapping.recipe import Recipe, read_recipe
from closeknit.rooms.sensing.models import Conflict, Feed
from closeknit.rooms.sensing.reads.conflicts import values_of
from closeknit.rooms.sensing.storing.conflicts import conflict_entry

PATH = "schema-conflict"
DOMAINS = {
    "account": "customers",
    "account-record": "customers",
    "site": "customers",
    "term": "agreements",
    "pool": "capacity",
    "roster": "capacity",
    "staff": "capacity",
    "stock": "supply",
    "survey": "feedback",
}
Found = tuple[Feed, Feed, Disagreement]


def find_conflicts(feed_name: str, *, by: Actor, at: datetime) -> int:
    """Compare a feed's recipe and data with those of every other feed; return how many new conflicts wait.

    What was found before and is not found any more was reconciled by a rule: it is closed. What a steward called
    right on both sides stays so for as long as both say the same.
    """
    by.require(Permission.LOAD_DATA)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtext('closeknit-conflicts'))")
        feed = Feed.objects.filter(name=feed_name).first()
        if feed is None:
            return 0
        others = list(Feed.objects.exclude(pk=feed.pk).order_by("pk"))
        found = _compare(feed, others)
        standing = list(_standing(feed))
        new = [each for each in found if not any(_is_same(row, each) for row in standing)]
        for row in standing:
            if row.state == ConflictState.WAITING and not any(_is_same(row, each) for each in found):
                _reconcile(row, by, at)
        for each in new:
            _raise(each, by, at)
    return len(new)


def _compare(feed: Feed, others: Sequence[Feed]) -> list[Found]:
    mine = _recipe(feed)
    said = values_of(feed, others)
    found: list[Found] = []
    for other in others:
        one, two = sorted((feed, other), key=lambda each: each.pk)
        recipes = {feed.pk: mine, other.pk: _recipe(other)}
        here_read, there_read = recipes[one.pk], recipes[two.pk]
        parts = recipes_disagree(here_read, there_read) if here_read and there_read else []
        for here in said[one.pk]:
            for there in said[two.pk]:
                if here.target == there.target:
                    parts += values_disagree(here, there)
        seen = {(part.kind, part.target, part.field): part for part in reversed(parts)}
        found += [(one, two, part) for part in seen.values()]
    return found


def _recipe(feed: Feed) -> Recipe | None:
    """Return a feed's recipe, or None where the language has moved on from it: its next load says so."""
    try:
        return read_recipe(feed.recipe_text, feed.name)
    except Invalid:
        return None


def _standing(feed: Feed) -> Iterable[Conflict]:
    rows = Conflict.objects.select_for_update(of=("self",)).select_related("one_feed", "other_feed")
    rows = rows.exclude(state=ConflictState.RECONCILED.value)
    return [*rows.filter(one_feed=feed), *rows.filter(other_feed=feed)]


def _is_same(row: Conflict, found: Found) -> bool:
    one, two, part = found
    return (row.one_feed_id, row.other_feed_id, row.kind, row.target, row.field) == (
        one.pk,
        two.pk,
        part.kind.value,
        part.target,
        part.field[:200],
    )


def _raise(found: Found, by: Actor, at: datetime) -> None:
    one, two, part = found
    steward = _steward(part, at)
    due = at + timedelta(hours=float(org.get_setting(CONFLICT_DUE_HOURS, at=at, by=by).value))
    row = Conflict.objects.create(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        kind=part.kind.value,
        target=part.target,
        field=part.field[:200],
        one_feed=one,
        other_feed=two,
        one_says=part.one_says,
        other_says=part.other_says,
        sentence=part.sentence,
        rule=part.rule,
        state=ConflictState.WAITING.value,
        steward_key=steward.person_key if steward else "",
        steward_name=steward.person_name if steward else "",
        found_at=at,
        due_at=due,
    )
    record_entry(
        conflict_entry(row, "conflict.found", f"The feeds {one.name} and {two.name} disagree. {part.sentence}"), by=by
    )
    asked = f" {steward.person_name} answers for this data." if steward else ""
    raise_escalation(
        path=PATH,
        cause=f"conflict:{row.pk}",
        title=f"{one.name} and {two.name} disagree on {part.field[:80]}",
        summary=f"{part.sentence} A rule such as {part.rule} reconciles them.{asked} Due {due:%Y-%m-%d %H:%M} UTC.",
        thread_id=row.thread_id,
        by=by,
        at=at,
    )


def _reconcile(row: Conflict, by: Actor, at: datetime) -> None:
    row.state, row.settled_at, row.settled_by_name = ConflictState.RECONCILED.value, at, by.name
    row.settled_why = "The two feeds say the same now."
    row.save(update_fields=["state", "settled_at", "settled_by_name", "settled_why"])
    said = f"The feeds {row.one_feed.name} and {row.other_feed.name} agree on {row.field} of {row.target} now."
    record_entry(conflict_entry(row, "conflict.reconciled", said), by=by)
    close_escalation(cause=f"conflict:{row.pk}", reason=said, by=by, at=at)


def _steward(part: Disagreement, at: datetime) -> StewardCard | None:
    domain = DOMAINS.get(part.target, "demand")
    field = part.field if part.field.isidentifier() and part.field.islower() else ""
    system = org.system_actor()
    return org.find_steward(domain, field, by=system, at=at) or org.find_steward("sensing", by=system, at=at)
