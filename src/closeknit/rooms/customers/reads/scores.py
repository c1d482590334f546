"""Accounts' scores, as of any day, term by term."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers.compute.scores import moves_between
from closeknit.rooms.customers.contracts import AccountScore, ScoreTerm, ScoreTermName
from closeknit.rooms.customers.models import Account, ScoreRow, WorthRun
from closeknit.rooms.customers.reads.accounts import get_account, left_out, visible_accounts
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact


def list_scores(*, by: Actor, at: datetime, tier: str = "", limit: int = 100) -> list[AccountScore]:
    """Return scores in force at an instant of the accounts that the actor may see, the highest first.

    The order tells of scores, so it needs the right to read what is internal.
    """
    by.require(Permission.READ_INTERNAL)
    run = _run(at)
    if run is None:
        return []
    rows = ScoreRow.objects.filter(run=run, thousandths__isnull=False)
    accounts = visible_accounts(by, Permission.READ_INTERNAL)
    if tier:
        accounts = accounts.filter(tier=tier)
    if tier or not by.scope_of(Permission.READ_INTERNAL).every_account:
        rows = rows.filter(account_number__in=accounts.values("account_number"))
    found = list(rows.order_by("-thousandths", "account_number")[:limit])
    hidden = left_out([row.account_number for row in found], by=by, at=at)
    return _cards(run, [row for row in found if row.account_number not in hidden], by)


def get_score(account_number: str, *, by: Actor, at: datetime) -> AccountScore:
    """Return one account's score at an instant; without one, score and terms are None.

    Raises:
        NotFound: for an account that the actor may not see.
    """
    account = get_account(account_number, by=by)
    run = _run(at)
    hidden = left_out([account.account_number], by=by, at=at)
    row = ScoreRow.objects.filter(run=run, account_number=account.account_number).first() if run else None
    if run is not None and row is not None and not hidden:
        return _cards(run, [row], by)[0]
    return AccountScore(
        account_number=account_number,
        name=account.name,
        tier=account.tier.value,
        as_of_on=run.as_of_on if run else None,
        score=None,
        terms=None,
        missing=None,
        previous_on=None,
        previous_score=None,
        moves=None,
        rule_version=None,
        data_until_on=None,
        run_id=run.pk if run else None,
        thread_id=run.thread_id if run else None,
    )


def _run(at: datetime) -> WorthRun | None:
    return WorthRun.objects.filter(as_of_on__lte=at.date(), scored_at__isnull=False).order_by("as_of_on").last()


def _cards(run: WorthRun, rows: Sequence[ScoreRow], by: Actor) -> list[AccountScore]:
    numbers = [row.account_number for row in rows]
    names = {
        number: (name, tier)
        for number, name, tier in Account.objects.filter(account_number__in=numbers).values_list(
            "account_number", "name", "tier"
        )
    }
    before = WorthRun.objects.filter(as_of_on__lt=run.as_of_on, scored_at__isnull=False).order_by("as_of_on").last()
    earlier = {
        row.account_number: row for row in ScoreRow.objects.filter(run=before, account_number__in=numbers) if before
    }
    return redact((_card(run, row, names, before, earlier.get(row.account_number)) for row in rows), by=by)


def _card(
    run: WorthRun,
    row: ScoreRow,
    names: dict[str, tuple[str, str]],
    before: WorthRun | None,
    earlier: ScoreRow | None,
) -> AccountScore:
    name, tier = names.get(row.account_number, (row.account_number, ""))
    terms = _terms(row.terms)
    known = earlier is not None and earlier.thousandths is not None and row.thousandths is not None
    return AccountScore(
        account_number=row.account_number,
        name=name,
        tier=tier,
        as_of_on=run.as_of_on,
        score=_points(row.thousandths),
        terms=terms,
        missing=tuple(term.sentence for term in terms if term.measure is None),
        previous_on=before.as_of_on if before and earlier else None,
        previous_score=_points(earlier.thousandths) if earlier else None,
        moves=moves_between(_terms(earlier.terms), terms) if known and earlier else (),
        rule_version=row.rule_version,
        data_until_on=row.data_until_on,
        run_id=run.pk,
        thread_id=run.thread_id,
    )


def _terms(stored: list[dict[str, Any]]) -> tuple[ScoreTerm, ...]:
    return tuple(ScoreTerm(**{**each, "term": ScoreTermName(each["term"])}) for each in stored)


def _points(thousandths: int | None) -> Decimal | None:
    return None if thousandths is None else Decimal(thousandths) / 1000
