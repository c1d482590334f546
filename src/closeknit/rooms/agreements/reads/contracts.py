"""Contracts that were drafted here, version by version. What customers see of them are their terms."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.keyset import Order, page_after
from closeknit.kernel.listing import BACKWARDS, refuse_sort
from closeknit.kernel.names import account_names
from closeknit.rooms.agreements.contracts.deals import (
    Clause,
    ContractCard,
    ContractState,
    Guarantee,
    GuaranteeKind,
)
from closeknit.rooms.agreements.contracts.terms import Clock, Measure
from closeknit.rooms.agreements.models import ContractVersion
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact, visible_account_numbers

CONTRACT_ORDERS: dict[str, Order] = {
    "drafted": Order("drafted_at"),
    "title": Order("title"),
    "number": Order("contract_number"),
    "account": Order("account_number"),
    "from": Order("starts_on"),
    "until": Order("ends_on", may_lack=True),
}
"""What versions of contracts can be sorted by, each by an index. Those of a tier come before those of accounts."""


def list_contracts(
    *,
    by: Actor,
    account_number: str = "",
    contract_number: str = "",
    state: str = "",
    on: date | None = None,
    sort: str = "-drafted",
    after: str = "",
    limit: int = 200,
) -> list[ContractCard]:
    """Return versions of contracts that the actor may see, in an order (`CONTRACT_ORDERS`, with "-" backwards), after
    one for paging: by default the latest drafted first. `on`: signed and in force then.
    """
    refuse_sort(sort, list(CONTRACT_ORDERS))
    rows = _visible(by)
    if account_number:
        rows = rows.filter(account_number__in=account_names(account_number))
    if contract_number:
        rows = rows.filter(contract_number=contract_number)
    if state:
        rows = rows.filter(state=state)
    if on is not None:
        rows = rows.filter(Q(ends_on=None) | Q(ends_on__gt=on), state=ContractState.SIGNED.value, starts_on__lte=on)
    order, descending = CONTRACT_ORDERS[sort.removeprefix(BACKWARDS)], sort.startswith(BACKWARDS)
    found = page_after(rows, order, key="id", after=after, of=_visible(by), limit=limit, descending=descending)
    return _shown([contract_of(row) for row in found], by)


def get_contract(version_id: UUID, *, by: Actor) -> ContractCard:
    """Return one version of a contract, or raise NotFound where there is none that the actor may see."""
    row = _visible(by).filter(pk=version_id).first()
    if row is None:
        raise NotFound("There is no such contract.", where=str(version_id))
    return _shown([contract_of(row)], by)[0]


def _visible(by: Actor) -> QuerySet[ContractVersion]:
    by.require(Permission.READ_ACCOUNTS)
    by.require(Permission.READ_INTERNAL)
    rows = ContractVersion.objects.all()
    if by.scope_of(Permission.READ_INTERNAL).every_account:
        return rows
    return rows.filter(
        Q(account_number__in=visible_account_numbers(by, Permission.READ_INTERNAL)) | Q(account_number="")
    )


def _shown(cards: list[ContractCard], by: Actor) -> list[ContractCard]:
    return [replace(card, clauses=_redacted(card, by)) for card in cards]


def _redacted(card: ContractCard, by: Actor) -> tuple[Clause, ...]:
    def of_account(_: Clause) -> str:
        return card.account_number

    return tuple(redact(card.clauses, by=by, account_of=of_account))


def contract_of(row: ContractVersion) -> ContractCard:
    """Return a stored version as others know it, with all its money."""
    return ContractCard(
        version_id=row.pk,
        thread_id=row.thread_id,
        contract_number=row.contract_number,
        version=row.version,
        state=ContractState(row.state),
        title=row.title,
        account_number=row.account_number,
        tier=row.tier,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        calendar=row.calendar,
        time_zone=row.time_zone,
        currency=row.currency,
        pause_reasons=tuple(row.pause_reasons),
        clauses=tuple(_clause(body) for body in row.clauses),
        guarantees=tuple(Guarantee(**{**body, "kind": GuaranteeKind(body["kind"])}) for body in row.guarantees),
        proposal_id=row.proposal_id,
        drafted_at=row.drafted_at,
        decided_at=row.decided_at,
    )


def _clause(body: dict[str, Any]) -> Clause:
    money = {
        name: Decimal(body[name]) for name in ("credit_per_miss", "penalty_per_point", "penalty_cap") if body[name]
    }
    plain = {name: value for name, value in body.items() if name not in money}
    return Clause(**{**plain, **money, "measure": Measure(body["measure"]), "clock": Clock(body["clock"])})
