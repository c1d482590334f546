"""Every question about what was promised.

Standing terms (no account) are seen by whoever works here and reads accounts, and as far as they hold for its own
accounts by a customer's reader; an account's own terms only by who sees the account.
"""

from datetime import date

from django.db.models import Q, QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied
from closeknit.rooms.agreements.contracts import Clock, Measure, Term, TermSource
from closeknit.rooms.agreements.models import TermRow
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact, visible_account_numbers


def list_terms(
    *,
    by: Actor,
    operation: str = "",
    account_number: str = "",
    on: date | None = None,
    after: str = "",
    limit: int = 1000,
) -> list[Term]:
    """Return terms that the actor may see, by term number and start; `on` keeps those in force on a date.

    With an account number: the account's own terms and the standing ones of its tier. NotFound where the
    actor may not see the account.
    """
    rows = _visible(by, account_number)
    if operation:
        rows = rows.filter(operation=operation)
    if on is not None:
        rows = _in_force(rows, on)
    if after:
        rows = rows.filter(term_number__gt=after)
    return redact(_terms(_ordered(rows)[:limit], by), by=by)


def terms_in_force(operation: str, on: date, *, until: date | None = None, by: Actor) -> tuple[Term, ...]:
    """Return every term of an operation in force on a date that the actor may see, in a fixed order.

    With `until`: every version in force on any day from `on` to before it, each with its days.
    For planning, which weighs what each miss costs: needs the right to read money over the same accounts.
    """
    by.require(Permission.READ_MONEY)
    if by.scope_of(Permission.READ_MONEY) != by.scope_of(Permission.READ_ACCOUNTS):
        raise Denied(
            f"{by.name} may not read what a miss costs for all the accounts that count.",
            where=f"permission {Permission.READ_MONEY}",
            todo="Ask an administrator for a role that includes it over the same accounts.",
        )
    rows = _visible(by, "").filter(operation=operation)
    begun = _in_force(rows, on) if until is None else _touching(rows, on, until)
    return tuple(_terms(_ordered(begun), by))


def _visible(by: Actor, account_number: str) -> QuerySet[TermRow]:
    by.require(Permission.READ_ACCOUNTS)
    rows = TermRow.objects.all()
    if account_number:
        tier = customers.get_account(account_number, by=by).tier
        names = customers.names_of(account_number, by=by)
        return rows.filter(Q(account_number__in=names) | Q(account_number="", tier__in=["", tier.value]))
    if by.scope_of(Permission.READ_ACCOUNTS).every_account:
        return rows
    own = rows.filter(account_number__in=visible_account_numbers(by, Permission.READ_ACCOUNTS))
    return own | _standing(rows, by)


def _standing(rows: QuerySet[TermRow], by: Actor) -> QuerySet[TermRow]:
    """Return the terms of no account: all of them for who works here, those of its own tiers for a customer."""
    standing = rows.filter(account_number="")
    if by.may(Permission.READ_INTERNAL):
        return standing
    tiers = {key.tier.value for key in customers.list_account_keys(by=by)}
    return standing.filter(tier__in=["", *sorted(tiers)])


def _in_force(rows: QuerySet[TermRow], on: date) -> QuerySet[TermRow]:
    return rows.filter(Q(ends_on=None) | Q(ends_on__gt=on), starts_on__lte=on)


def _touching(rows: QuerySet[TermRow], on: date, until: date) -> QuerySet[TermRow]:
    return rows.filter(Q(ends_on=None) | Q(ends_on__gt=on), starts_on__lt=until)


def _ordered(rows: QuerySet[TermRow]) -> QuerySet[TermRow]:
    return rows.select_related("contract").order_by("term_number", "starts_on")


def _terms(rows: QuerySet[TermRow], by: Actor) -> list[Term]:
    """Under the number that an account stands for now: what was promised to a name of it was promised to it."""
    golden = customers.golden_numbers(by=by, at=None)
    return [term_of(row, golden.get(row.account_number, row.account_number)) for row in rows]


def term_of(row: TermRow, account_number: str) -> Term:
    """Return a stored version of a term as others know it, with the number that its account goes by."""
    return Term(
        term_number=row.term_number,
        contract_number=row.contract.contract_number,
        account_number=account_number,
        tier=row.tier,
        operation=row.operation,
        service=row.service,
        work_class=row.work_class,
        measure=Measure(row.measure),
        threshold_minutes=row.threshold_minutes,
        target_share=row.target_share,
        credit_per_miss=row.credit_per_miss,
        currency=row.currency,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        source=TermSource(row.source),
        clock=Clock(row.clock),
    )
