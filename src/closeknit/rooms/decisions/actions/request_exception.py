"""Ask for an exception: a deviation from a policy, a setting or a term, with a reason, an end and a review."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.decisions.actions.propose_change import propose_change
from closeknit.rooms.decisions.models import ExceptionRow
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class WantedException:
    """What is asked for. Days are whole, the last one included. One of `account_number` and `place` is given.

    `deviates_from` names the policy, setting or term ("term T-1", "setting demand.level"); `allowed` says what holds
    instead. `review_on` None: on the last day. `owner_key` "": whoever asks; else an actor key or a user name.
    """

    deviates_from: str
    allowed: str
    reason: str
    starts_on: date
    until_on: date
    review_on: date | None = None
    account_number: str = ""
    place: str = ""
    owner_key: str = ""
    money_at_stake: Decimal | None = None
    currency: str = ""


def request_exception(
    wanted: WantedException, *, extends: UUID | None = None, thread_id: UUID | None = None, by: Actor, at: datetime
) -> UUID:
    """Enter an exception in the register and propose it; return its id. Short and cheap ones policy may grant at once.

    Raises:
        Invalid: without a reason, with days that do not follow one another, or that lasts longer than a year.
        NotFound: for an account, or an owner, that is not there or out of sight.
    """
    by.require(Permission.PROPOSE)
    _check(wanted, at)
    earlier = ExceptionRow.objects.filter(pk=extends).first() if extends else None
    owner_key, owner_name = _owner(wanted, by, at)
    with transaction.atomic():
        row = ExceptionRow.objects.create(
            id=ids.new_id(),
            thread_id=thread_id or ids.new_id(),
            extends=earlier,
            account_number=wanted.account_number,
            place=wanted.place.strip(),
            deviates_from=wanted.deviates_from.strip(),
            allowed=wanted.allowed.strip(),
            reason=wanted.reason.strip(),
            money_at_stake=wanted.money_at_stake,
            currency=wanted.currency,
            starts_on=wanted.starts_on,
            until_on=wanted.until_on,
            review_on=wanted.review_on or wanted.until_on,
            owner_key=owner_key,
            owner_name=owner_name,
            requested_by_key=by.key,
            requested_by_name=by.name,
            requested_at=at,
        )
        row.proposal_id = _propose(row, earlier, by, at)
        row.save(update_fields=["proposal"])
    return row.pk


def _check(wanted: WantedException, at: datetime) -> None:
    for name in ("deviates_from", "allowed", "reason"):
        if not getattr(wanted, name).strip():
            raise Invalid("An exception needs this.", where=name, todo="Say it in a sentence.")
    if bool(wanted.account_number) == bool(wanted.place.strip()):
        raise Invalid("An exception is for one account, or for one place.", where="account_number", todo="Give one.")
    if len(wanted.deviates_from) > 200 or len(wanted.place) > 120:
        raise Invalid("This is too long.", where="deviates_from", todo="Use at most 200 characters, 120 for a place.")
    review_on = wanted.review_on or wanted.until_on
    if not wanted.starts_on <= review_on <= wanted.until_on:
        raise Invalid(
            "Start, review and end do not follow one another.", where="review_on", todo="Put the review in between."
        )
    if wanted.until_on < at.date():
        raise Invalid("It would have expired already.", where="until_on", todo="Let it end today or later.")
    if (wanted.until_on - wanted.starts_on).days >= LONGEST_DAYS:
        raise Invalid("What lasts over a year is no exception.", where="until_on", todo="Change the rule itself.")


def _owner(wanted: WantedException, by: Actor, at: datetime) -> tuple[str, str]:
    if not wanted.owner_key or wanted.owner_key == by.key:
        return by.key, by.name
    account = wanted.account_number
    able = org.list_people_who(Permission.READ_DECISIONS, account_number=account, at=at, by=org.system_actor())
    owner = next((card for card in able if wanted.owner_key in (card.key, card.username)), None)
    if owner is None:
        raise NotFound("Nobody of that name may see this account.", where="owner", todo="Name a person who may.")
    return owner.key, owner.name


def _propose(row: ExceptionRow, earlier: ExceptionRow | None, by: Actor, at: datetime) -> UUID:
    whom = row.account_number or row.place
    days = (row.until_on - row.starts_on).days + 1
    return propose_change(
        kind="exception",
        subject=f"exception:{row.pk}",
        title=f"Exception from {row.deviates_from} for {whom} until {row.until_on}"[:200],
        summary=f"{row.allowed} Because: {row.reason}",
        before={"holds": row.deviates_from, "until": earlier.until_on.isoformat() if earlier else None},
        after={
            "holds": row.allowed,
            "from": row.starts_on.isoformat(),
            "until": row.until_on.isoformat(),
            "review": row.review_on.isoformat(),
            "owner": row.owner_name,
        },
        effects=(),
        tier=_tier(row.account_number),
        money_at_stake=row.money_at_stake,
        currency=row.currency,
        facts={
            "days": days,
            "extensions": _count_extensions(earlier),
            "is_of_one_account": bool(row.account_number),
        },
        account_number=row.account_number,
        thread_id=row.thread_id,
        by=by,
        at=at,
    )


def _tier(account_number: str) -> str:
    # The room that knows tiers stands above this one and hands over how to ask.
    find = declared("accounts").get("tier")
    tier = find(account_number, by=org.system_actor()) if find and account_number else None
    return str(tier or "none")


def _count_extensions(earlier: ExceptionRow | None) -> int:
    count = 0
    while earlier is not None and count < 100:
        count, earlier = count + 1, earlier.extends
    return count
