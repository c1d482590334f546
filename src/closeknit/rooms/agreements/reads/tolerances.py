"""Tolerances: what the policy allows for an account, and the bends that were asked for."""

from collections.abc import Iterable
from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.kernel.among import among
from closeknit.rooms.agreements.contracts.tolerances import (
    BEND_BY,
    BEND_DAYS,
    BEND_LEAST_WORTH,
    BEND_SHARE,
    BendCard,
    BendPolicy,
)
from closeknit.rooms.agreements.models import BendRow
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.contracts import ExceptionCard, ExceptionState
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

MOST_EXCEPTIONS = 100_000


def get_bend_policy(account_number: str, *, by: Actor, at: datetime) -> BendPolicy:
    """Return how far promises to an account may bend, or with "" what holds where nothing else is said.

    Raises:
        NotFound: for an account that the actor may not see.
    """
    by.require(Permission.READ_INTERNAL)
    tier = ""
    if account_number:
        account = customers.get_account(account_number, by=by, permission=Permission.READ_INTERNAL)
        account_number, tier = account.account_number, account.tier.value
    share, days, worth, who = (
        org.get_setting(setting, tier=tier, account_number=account_number, at=at, by=by).value
        for setting in (BEND_SHARE, BEND_DAYS, BEND_LEAST_WORTH, BEND_BY)
    )
    return BendPolicy(float(share), int(days), float(worth), str(who))


def list_bends(
    *, by: Actor, at: datetime, account_number: str = "", state: str = "", limit: int = 500
) -> list[BendCard]:
    """Return bends of accounts that the actor may see, the latest first.

    Raises:
        NotFound: for an account that the actor may not see.
    """
    by.require(Permission.READ_INTERNAL)
    by.require(Permission.READ_DECISIONS)
    rows = BendRow.objects.all()
    if account_number:
        account = customers.get_account(account_number, by=by, permission=Permission.READ_INTERNAL)
        rows = rows.filter(account_number__in=customers.names_of(account.account_number, by=by))
    elif not by.scope_of(Permission.READ_INTERNAL).every_account:
        rows = rows.filter(account_number__in=org.visible_account_numbers(by, Permission.READ_INTERNAL))
    # An exception that the actor may not read hides its bend.
    known = _exceptions(by, at, account_number)
    cards = [
        _card(row, known[row.exception_id]) for row in rows.order_by("-asked_at", "id") if row.exception_id in known
    ]
    found = [card for card in cards if not state or card.state == state]
    return org.redact(found[:limit], by=by)


def bends_of(account_numbers: Iterable[str], *, by: Actor, at: datetime) -> list[BendCard]:
    """Return every bend that was granted to some accounts. For clocks, whose reader has checked the accounts."""
    rows = list(BendRow.objects.filter(account_number__in=among(account_numbers)))
    if not rows:
        return []
    known = _exceptions(org.system_actor(), at, "")
    found = [_card(row, known[row.exception_id]) for row in rows if row.exception_id in known]
    return org.redact([card for card in found if card.is_granted], by=by)


def _exceptions(by: Actor, at: datetime, account_number: str) -> "dict[object, ExceptionCard]":
    cards = decisions.list_exceptions(by=by, at=at, account_number=account_number, limit=MOST_EXCEPTIONS)
    return {card.exception_id: card for card in cards}


def _card(row: BendRow, exception: ExceptionCard) -> BendCard:
    granted = (ExceptionState.GRANTED, ExceptionState.ACTIVE, ExceptionState.EXPIRED, ExceptionState.ENDED)
    return BendCard(
        bend_id=row.pk,
        thread_id=row.thread_id,
        exception_id=row.exception_id,
        state=exception.state,
        account_number=row.account_number,
        term_number=row.term_number,
        stretch_share=row.stretch_share,
        request=row.request,
        reason=row.reason,
        currency=row.currency,
        starts_on=row.starts_on,
        until_on=row.until_on,
        ended_on=exception.ended_at.date() if exception.ended_at else None,
        is_granted=exception.state in granted and exception.granted_at is not None,
        granted_by=exception.granted_by,
        asked_at=row.asked_at,
        worth=row.worth,
    )
