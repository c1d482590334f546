"""Lend rights to a colleague for a time, and end that before its time."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from closeknit.kernel import clock, ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.org.contracts import (
    NEVER_LENT,
    PERMISSIONS_OF,
    STANDS_ALONE,
    DelegationBegan,
    DelegationEnded,
    Permission,
    Role,
)
from closeknit.rooms.org.models import Delegation, Person
from closeknit.rooms.org.reads.actors import person_number

LONGEST = timedelta(days=366)
LONGEST_REASON = 1000


def delegate(
    to: str,
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    permissions: Iterable[Permission] | None = None,
    lender: str = "",
    by: Actor,
    at: datetime,
) -> UUID:
    """Lend one's own rights to another person (a key) from `starts_at` until before `ends_at`; return the id.

    Lent is what the lender's roles give at the moment of use, of `permissions` where given; never the management of
    people and settings, never what the lender borrowed. Who manages people may set this up for a `lender` who cannot.
    Refused: to oneself, to or by a customer's own reader, for more than a year, and rights that the lender lacks.
    """
    lender = lender or by.key
    by.require(Permission.DELEGATE if lender == by.key else Permission.MANAGE_PEOPLE)
    named = None if permissions is None else sorted({Permission(p).value for p in permissions})
    reason = _checked_reason(reason)
    _check_time(starts_at, ends_at, at)
    with transaction.atomic():
        giver, taker = _insider(lender, "lender"), _insider(to, "to")
        _check_parties(giver, taker, by)
        _check_lendable(giver, named)
        row = Delegation.objects.create(
            lender=giver,
            borrower=taker,
            permissions=named,
            starts_at=max(starts_at, at),
            ends_at=ends_at,
            reason=reason,
        )
        publish(DelegationBegan(ids.new_id(), row.pk), by=by)
    return row.pk


def end_delegation(delegation_id: UUID, *, by: Actor, at: datetime) -> None:
    """End a delegation now: the lender takes back, the borrower gives back, or who manages people does it for them."""
    with transaction.atomic():
        row = Delegation.objects.select_for_update().filter(pk=delegation_id).first()
        parties = {f"person:{row.lender_id}", f"person:{row.borrower_id}"} if row else set()
        if row is None or not (by.key in parties or by.may(Permission.MANAGE_PEOPLE)):
            raise NotFound("There is no such delegation.", where=str(delegation_id))
        if row.ended_at is not None or row.ends_at <= at:
            raise Conflict("This delegation has ended already.", where=str(delegation_id))
        row.ended_at = at
        row.save(update_fields=["ended_at"])
        publish(DelegationEnded(ids.new_id(), row.pk), by=by)


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or "\x00" in reason:
        raise Invalid("A delegation needs a reason.", where="reason", todo="Say why in a sentence, such as: vacation.")
    return reason


def _check_time(starts_at: datetime, ends_at: datetime, at: datetime) -> None:
    clock.check(starts_at, where="starts_at")
    clock.check(ends_at, where="ends_at")
    if not max(starts_at, at) < ends_at:
        raise Invalid(
            "A delegation must end after it starts, and after now.", where="ends_at", todo="Give a later end."
        )
    if ends_at - max(starts_at, at) > LONGEST:
        raise Invalid("A delegation lasts a year at most.", where="ends_at", todo="Change the roles instead.")


def _insider(key: str, where: str) -> Person:
    number = person_number(key)
    row = Person.objects.select_related("user").filter(pk=number, user__is_active=True).first() if number else None
    if row is None:
        raise NotFound("There is no such person.", where=f"{where} {key}")
    if STANDS_ALONE & {Role(role) for role in row.roles}:
        raise Denied("A customer's own reader neither lends nor borrows rights.", where=f"{where} {key}")
    return row


def _check_parties(giver: Person, taker: Person, by: Actor) -> None:
    if giver.pk == taker.pk:
        raise Invalid("Nobody lends rights to themselves.", where="to", todo="Choose a colleague.")
    if by.key == f"person:{taker.pk}":
        raise Denied("Nobody sets up a loan to themselves.", where="to", todo="Ask the lender to do it.")


def _check_lendable(giver: Person, named: list[str] | None) -> None:
    own = {str(p) for role in giver.roles for p in PERMISSIONS_OF[Role(role)] if p not in NEVER_LENT}
    if not own or (named is not None and not named):
        raise Invalid("There is nothing to lend.", where="permissions", todo="Name rights that the lender holds.")
    beyond = sorted(set(named or ()) - own)
    if beyond:
        raise Invalid(
            f"The right {beyond[0]} is not the lender's to lend.",
            where="permissions",
            todo=f"Name some of: {', '.join(sorted(own))}.",
        )
