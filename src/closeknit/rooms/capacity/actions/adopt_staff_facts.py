"""Take in who works in which pool, as a batch of a feed stated it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.capacity.contracts.rosters import StaffStated
from closeknit.rooms.capacity.models import Pool, StaffMember
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import FactCard, FactKind

LONGEST_WORD, LONGEST_NAME, MOST_SKILLS = 80, 120, 50
WEEK_MINUTES = 7 * 1440


def adopt_staff_facts(*, batch_id: int, thread_id: UUID, by: Actor) -> int:
    """Store whom the batch states in a known pool with hours a week; return how many people that were.

    Who moved to another pool leaves the one that the feed named before. Wishes, days away and shifts that a staff file
    said stay as they are. Of whom the feed says no hours, nothing is known that a roster could be made of.
    """
    by.require(Permission.LOAD_DATA)
    facts = sensing.list_facts(FactKind.STAFF, by=by, batch_id=batch_id)
    stated = [fact for fact in facts if fact.body.get("week_hours")]
    pools = {pool.pool: pool for pool in Pool.objects.filter(pool__in={str(fact.body["pool"]) for fact in stated})}
    people = [_member(fact.body, pools) for fact in stated if _is_usable(fact.body, pools)]
    if not people:
        return 0
    with transaction.atomic():
        left = _leave(people, by)
        StaffMember.objects.bulk_create(
            people,
            update_conflicts=True,
            unique_fields=["pool", "person"],
            update_fields=["person_name", "skills", "week_minutes", "is_active"],
        )
        for pool in sorted({member.pool.pool for member in people}):
            mine = [member for member in people if member.pool.pool == pool]
            record_entry(_entry(mine, left, batch_id, thread_id), by=by)
            publish(StaffStated(thread_id, pool), by=by)
    return len(people)


def _is_usable(body: Mapping[str, Any], pools: Mapping[str, Pool]) -> bool:
    minutes = round(float(body["week_hours"]) * 60)
    return body["pool"] in pools and 0 < minutes <= WEEK_MINUTES and len(body["staff_number"]) <= LONGEST_WORD


def _member(body: Mapping[str, Any], pools: Mapping[str, Pool]) -> StaffMember:
    skills = {str(skill).lower() for skill in body["skills"] or () if 0 < len(str(skill)) <= LONGEST_WORD}
    return StaffMember(
        pool=pools[body["pool"]],
        person=body["staff_number"],
        person_name=(body["name"] or body["staff_number"])[:LONGEST_NAME],
        skills=sorted(skills)[:MOST_SKILLS],
        week_minutes=round(float(body["week_hours"]) * 60),
        is_active=True,
    )


def _leave(people: Sequence[StaffMember], by: Actor) -> int:
    """End the membership of pools that the feed named for these people before; return how many ended."""
    now = {member.person: member.pool.pool for member in people}
    before: dict[str, set[str]] = {}
    for fact in _every_version(now, by):
        before.setdefault(str(fact.body["pool"]), set()).add(str(fact.body["staff_number"]))
    left = 0
    for pool, numbers in sorted(before.items()):
        gone = sorted(number for number in numbers if now[number] != pool)
        left += StaffMember.objects.filter(pool__pool=pool, person__in=gone, is_active=True).update(is_active=False)
    return left


def _every_version(numbers: Iterable[str], by: Actor) -> list[FactCard]:
    wanted = set(numbers)
    facts = sensing.list_facts(FactKind.STAFF, by=by, include_superseded=True)
    return [fact for fact in facts if fact.body["staff_number"] in wanted]


def _entry(people: Sequence[StaffMember], left: int, batch_id: int, thread_id: UUID) -> Entry:
    pool = people[0].pool
    return Entry(
        thread_id=thread_id,
        kind="staff.stated",
        subject=f"pool:{pool.pool}",
        sentence=f"Took in {len(people)} people who work in {pool.name}.",
        evidence={"pool": pool.pool, "people": len(people), "moved_between_pools": left, "batch_id": batch_id},
    )
