"""The demo's first rosters: of one pool in each operation whose plan is in force, made and published by its planner."""

from collections import Counter
from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.scope import acting_as

WHY = "The first roster of the sample company: as the plan in force asks."


def publish_first_rosters(*, at: datetime) -> list[str]:
    """Roster and publish the coming week; say which pools. An operation whose plan waits for approval is left out."""
    from closeknit.rooms.capacity.actions.propose_roster import propose_roster
    from closeknit.rooms.capacity.actions.publish_roster import publish_roster
    from closeknit.rooms.capacity.contracts.rosters import RosterAsked
    from closeknit.web.demo_days import person

    alice = person("alice")
    said: list[str] = []
    with acting_as(alice):
        for pool in first_pools(alice):
            try:
                publish_roster(propose_roster(RosterAsked(pool), by=alice, at=at), reason=WHY, by=alice, at=at)
            except (Conflict, Invalid, NotFound) as reason:
                said.append(f"none of {pool}: {reason}")
            else:
                said.append(pool)
    return said


def first_pools(by: Actor) -> list[str]:
    """Return, for each operation whose plan is in force, the pool with most people: its board shows most."""
    from closeknit.rooms.capacity import reads as capacity

    people = Counter(card.pool for card in capacity.list_staff(by=by))
    found: dict[str, str] = {}
    for pool in capacity.list_pools(by=by):
        best = found.get(pool.operation)
        if people[pool.pool] > (people[best] if best else 0):
            found[pool.operation] = pool.pool
    return [pool for operation, pool in sorted(found.items()) if capacity.find_plan_in_force(operation, by=by)]
