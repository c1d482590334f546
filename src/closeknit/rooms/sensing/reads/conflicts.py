"""Conflicts between feeds: those that wait, and what feeds say now."""

from collections.abc import Iterable
from datetime import datetime
from difflib import SequenceMatcher
from uuid import UUID

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError, NotFound
from closeknit.rooms.sensing.contracts import ConflictCard, ConflictKind, ConflictState, Disagreement, RuleChange
from closeknit.rooms.sensing.mapping.disagreeing import FeedValues, codes_alike
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.mapping.ruling import ruled
from closeknit.rooms.sensing.models import BatchOperation, Conflict, Feed
from closeknit.rooms.sensing.reads.access import require_feeds

LATEST_ROWS = 20_000
CODED = ("service", "work_class", "region", "channel", "currency")
MEASURED = ("handle_minutes", "promised_minutes")
CODED_OF_FACTS = ("region", "jurisdiction", "currency", "stage", "unit")
_WORK = f"""
with latest as materialized (
    select {", ".join(CODED + MEASURED)} from sensing_work
     where operation = %s and feed_id = %s order by occurred_at desc limit {LATEST_ROWS})
select {", ".join(f"(select array_agg(distinct {c}) from latest where {c} <> '')" for c in CODED)},
       {", ".join(f"percentile_cont(0.5) within group (order by {m}), count({m})" for m in MEASURED)}
  from latest
"""
_FACTS = f"""
select kind, {", ".join(f"array_agg(distinct body->>'{c}') filter (where body->>'{c}' <> '')" for c in CODED_OF_FACTS)}
  from sensing_fact where feed_id = %s and superseded_at is null group by kind order by kind
"""


def list_conflicts(*, by: Actor, feed: str = "", also_settled: bool = False, limit: int = 500) -> list[ConflictCard]:
    """Return conflicts that wait for a steward, the one due first on top; `also_settled`: and those answered."""
    require_feeds(by)
    rows = Conflict.objects.select_related("one_feed", "other_feed").order_by("settled_at", "due_at", "id")
    if not also_settled:
        rows = rows.filter(state=ConflictState.WAITING.value)
    cards = [conflict_card(row) for row in rows[:limit]]
    return [card for card in cards if not feed or feed in (card.one_feed, card.other_feed)]


def list_rule_changes(conflict_id: UUID, *, by: Actor) -> list[RuleChange]:
    """Return what a rule would change in each of a conflict's two recipes, so that it follows the other feed."""
    require_feeds(by)
    row = Conflict.objects.select_related("one_feed", "other_feed").filter(pk=conflict_id).first()
    if row is None:
        raise NotFound("There is no such conflict.", where=str(conflict_id))
    return [_rule_change(row, is_one=is_one) for is_one in (False, True)]


def text_with_rule(row: Conflict, *, is_one: bool) -> str:
    """Return the recipe of one of a conflict's feeds with the rule by which it follows the other; or raise Invalid."""
    changed, follows = (row.one_feed, row.other_feed) if is_one else (row.other_feed, row.one_feed)
    recipe, other = (read_recipe(feed.recipe_text, f"recipe of {feed.name}") for feed in (changed, follows))
    kind = ConflictKind(row.kind)
    part = Disagreement(kind, row.target, row.field, row.one_says, row.other_says, row.sentence, row.rule)
    codes = _codes_written_otherwise(follows, changed, part) if kind is ConflictKind.CODES else {}
    return ruled(recipe, other, part, codes, is_one=is_one)


def get_conflict(conflict_id: UUID, *, by: Actor) -> ConflictCard:
    """Return one conflict, or raise NotFound."""
    require_feeds(by)
    row = Conflict.objects.select_related("one_feed", "other_feed").filter(pk=conflict_id).first()
    if row is None:
        raise NotFound("There is no such conflict.", where=str(conflict_id))
    return conflict_card(row)


def values_of(feed: Feed, others: Iterable[Feed]) -> dict[int, list[FeedValues]]:
    """Return what a feed and others that share a target with it say, by feed."""
    held = [feed, *others]
    operations = set(BatchOperation.objects.filter(batch__feed=feed).values_list("operation", flat=True))
    found: dict[int, list[FeedValues]] = {}
    with connection.cursor() as cursor:
        for each in held:
            own = BatchOperation.objects.filter(batch__feed=each, operation__in=operations)
            said = found.setdefault(each.pk, [])
            for operation in sorted(set(own.values_list("operation", flat=True))):
                cursor.execute(_WORK, [operation, each.pk])
                said.append(_of_work(f"work:{operation}", cursor.fetchone()))
            cursor.execute(_FACTS, [each.pk])
            for kind, *codes in cursor.fetchall():
                said.append(FeedValues(kind, _sets(CODED_OF_FACTS, codes)))
    return found


def conflict_card(row: Conflict) -> ConflictCard:
    """Shape a conflict (with its feeds joined) for others."""
    return ConflictCard(
        conflict_id=row.pk,
        kind=ConflictKind(row.kind),
        target=row.target,
        field=row.field,
        one_feed=row.one_feed.name,
        other_feed=row.other_feed.name,
        one_says=row.one_says,
        other_says=row.other_says,
        sentence=row.sentence,
        rule=row.rule,
        state=ConflictState(row.state),
        steward=row.steward_name,
        found_at=row.found_at,
        due_at=row.due_at,
        settled_by=row.settled_by_name,
        settled_at=row.settled_at,
        settled_why=row.settled_why,
        thread_id=row.thread_id,
    )


def overdue(cards: Iterable[ConflictCard], at: datetime) -> int:
    """Count the conflicts that should have been answered by now."""
    return sum(card.is_overdue(at) for card in cards)


def _rule_change(row: Conflict, *, is_one: bool) -> RuleChange:
    changed, follows = (row.one_feed, row.other_feed) if is_one else (row.other_feed, row.one_feed)
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    why_not = ""
    try:
        old, new = (text.splitlines() for text in (changed.recipe_text, text_with_rule(row, is_one=is_one)))
        differing = [d for d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if d[0] != "equal"]
        before = tuple(line for _, i, j, _, _ in differing for line in old[i:j])
        after = tuple(line for _, _, _, i, j in differing for line in new[i:j])
    except CloseknitError as refusal:
        why_not = f"{refusal.what} {refusal.todo or ''}".strip()
    says = row.other_says if is_one else row.one_says
    return RuleChange(changed.name, follows.name, says, changed.recipe_version, before, after, why_not)


def _codes_written_otherwise(follows: Feed, changed: Feed, part: Disagreement) -> dict[str, str]:
    said = values_of(changed, [follows])
    found: dict[str, str] = {}
    for here in said[changed.pk]:
        for there in said[follows.pk]:
            if here.target == there.target == part.target:
                found |= codes_alike(there, here, part.field)
    return found


def _of_work(target: str, row: tuple[object, ...]) -> FeedValues:
    numbers = row[len(CODED) :]
    medians = {
        name: (float(str(numbers[2 * n])), int(str(numbers[2 * n + 1])))
        for n, name in enumerate(MEASURED)
        if numbers[2 * n] is not None
    }
    return FeedValues(target, _sets(CODED, row[: len(CODED)]), medians)


def _sets(names: Iterable[str], found: Iterable[object]) -> dict[str, frozenset[str]]:
    return {name: frozenset(codes) for name, codes in zip(names, found, strict=True) if isinstance(codes, list)}
