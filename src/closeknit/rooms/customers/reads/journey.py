"""The journey map: touchpoints in force at an instant, with what was observed there before it."""

from datetime import datetime, timedelta

from django.db.models import Q

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.customers.compute.journey import Stated, map_journey
from closeknit.rooms.customers.contracts.journey import Journey, Stage, TouchpointPlan, Triage
from closeknit.rooms.customers.models import Touchpoint
from closeknit.rooms.customers.reads.accounts import get_account
from closeknit.rooms.customers.reads.records import names_of
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing

MOST_DAYS = 366


def get_journey(*, by: Actor, at: datetime, account_number: str = "", days: int = 28) -> Journey:
    """Return the map at an instant with what was observed in the days before: of one account, or of all ("").

    Of all together only who sees every account learns anything.
    """
    by.require(Permission.READ_INTERNAL)
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(f"A map is drawn over 1 to {MOST_DAYS} days.", where="days")
    if account_number:
        account_number = get_account(account_number, by=by, permission=Permission.READ_INTERNAL).account_number
    elif not by.scope_of(Permission.READ_INTERNAL).every_account:
        raise NotFound(
            "The map of all accounts is for those who see every account.", todo="Open the map of one of your accounts."
        )
    names = names_of(account_number, by=by) if account_number else ()
    traffic = sensing.list_traffic(
        since=at - timedelta(days=days), until=at, account_numbers=names, by=org.system_actor()
    )
    stated = list_touchpoints(by=by, at=at)
    people = org.list_people_who(Permission.READ_INTERNAL, account_number=None, at=at, by=org.system_actor())
    touchpoints, unmapped = map_journey(stated, traffic, {card.key: card.name for card in people}, days)
    return Journey(account_number, at, days, tuple(touchpoints), tuple(unmapped))


def list_touchpoints(*, by: Actor, at: datetime) -> list[Stated]:
    """Return the touchpoints in force at an instant as people stated them: id, plan, thread."""
    by.require(Permission.READ_INTERNAL)
    rows = Touchpoint.objects.filter(Q(until_at=None) | Q(until_at__gt=at), from_at__lte=at).order_by("name", "id")
    return [(row.touchpoint_id, plan_of(row), row.thread_id) for row in rows]


def plan_of(row: Touchpoint) -> TouchpointPlan:
    return TouchpointPlan(
        name=row.name,
        stage=Stage(row.stage),
        operation=row.operation,
        service=row.service,
        channel=row.channel,
        queue=row.queue,
        owner_key=row.owner_key,
        answer_within_minutes=row.answer_within_minutes,
        triage=Triage(row.triage),
    )
