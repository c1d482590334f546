"""Needs: what accounts say they need, what that comes to, and whether it is kept."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.agreements.contracts.deals import ContractState
from closeknit.rooms.agreements.contracts.needs import LIFE_DAYS, NeedCard, NeedLife, NeedParameter, NeedState
from closeknit.rooms.agreements.contracts.terms import Clock, Measure
from closeknit.rooms.agreements.models import ContractVersion, NeedRow
from closeknit.rooms.agreements.reads.adherence import get_adherence
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission


def list_needs(
    *,
    by: Actor,
    at: datetime,
    account_number: str = "",
    state: str = "",
    is_due: bool = False,
    limit: int = 500,
) -> list[NeedCard]:
    """Return needs of accounts that the actor may see, the latest stated first; `is_due`: whose review has come.

    Raises:
        NotFound: for an account that the actor may not see.
    """
    rows = _visible(by)
    if account_number:
        account = customers.get_account(account_number, by=by, permission=Permission.READ_INTERNAL)
        rows = rows.filter(account_number__in=customers.names_of(account.account_number, by=by))
    cards = _cards(rows.order_by("-stated_at", "id"), by, at)
    found = [card for card in cards if (not state or card.state == state) and (not is_due or card.is_review_due)]
    return found[:limit]


def get_need(need_id: UUID, *, by: Actor, at: datetime) -> NeedLife:
    """Return a need with how its promise was kept of late; NotFound where there is none that the actor may see."""
    rows = list(_visible(by).filter(pk=need_id))
    if not rows:
        raise NotFound("There is no such need.", where=str(need_id))
    (card,) = _cards(rows, by, at)
    until_on = at.date() + timedelta(days=1)
    from_on = max(until_on - timedelta(days=LIFE_DAYS), card.starts_on or date.min)
    if card.contract_state is not ContractState.SIGNED or from_on >= until_on:
        return NeedLife(card, until_on, until_on, ())
    found = get_adherence(card.account_number, from_on=from_on, until_on=until_on, by=by, at=at)
    kept = tuple(each for each in found.obligations if each.term_number == card.term_number)
    return NeedLife(card, from_on, until_on, kept)


def _visible(by: Actor) -> QuerySet[NeedRow]:
    by.require(Permission.READ_INTERNAL)
    by.require(Permission.READ_DECISIONS)
    rows = NeedRow.objects.all()
    if by.scope_of(Permission.READ_INTERNAL).every_account:
        return rows
    return rows.filter(account_number__in=org.visible_account_numbers(by, Permission.READ_INTERNAL))


def _cards(rows: Iterable[NeedRow], by: Actor, at: datetime) -> list[NeedCard]:
    rows = list(rows)
    versions = ContractVersion.objects.in_bulk([row.version_id for row in rows if row.version_id])
    golden = customers.golden_numbers(by=by, at=None)
    return [need_of(row, versions.get(row.version_id) if row.version_id else None, golden, at) for row in rows]


def need_of(row: NeedRow, version: ContractVersion | None, golden: dict[str, str], at: datetime) -> NeedCard:
    """Return a stored need as others know it; where it stands depends on what came of its version."""
    parameter = parameter_of(row)
    state = standing(row, version)
    is_open = state not in (NeedState.STATED, NeedState.DROPPED)
    return NeedCard(
        need_id=row.pk,
        thread_id=row.thread_id,
        account_number=golden.get(row.account_number, row.account_number),
        words=row.words,
        heard_in=row.heard_in,
        state=state,
        parameter=parameter,
        sentence=parameter.sentence if parameter else "",
        owner_name=row.owner_name,
        is_review_due=is_open and row.review_on is not None and row.review_on <= at.date(),
        finding=row.finding,
        agreed_with=row.agreed_with,
        term_number=term_number_of(row.pk) if version else "",
        version_id=row.version_id,
        contract_number=version.contract_number if version else "",
        contract_state=ContractState(version.state) if version else None,
        starts_on=version.starts_on if version else None,
        dropped_because=row.dropped_because,
        stated_by_name=row.stated_by_name,
        stated_at=row.stated_at,
        moved_at=row.moved_at,
    )


def version_of(row: NeedRow) -> ContractVersion | None:
    """Return the version of a contract that a need was proposed with, if it was."""
    return ContractVersion.objects.filter(pk=row.version_id).first() if row.version_id else None


def standing(row: NeedRow, version: ContractVersion | None) -> NeedState:
    """Return where a need stands: once it is proposed, what was decided says so."""
    state = NeedState(row.state)
    if state is not NeedState.PROPOSED or version is None:
        return state
    if version.state == ContractState.SIGNED.value:
        return NeedState.PROMISED
    return NeedState.AGREED if version.state == ContractState.TURNED_DOWN.value else state


def parameter_of(row: NeedRow) -> NeedParameter | None:
    """Return the parameter of a stored need, or None while it is only words."""
    if row.parameter is None or row.review_on is None:
        return None
    body = {**row.parameter, "measure": Measure(row.parameter["measure"]), "clock": Clock(row.parameter["clock"])}
    return NeedParameter(
        **body, process=row.process, control=row.control, owner_key=row.owner_key, review_on=row.review_on
    )


def term_number_of(need_id: UUID) -> str:
    """Return the number of the clause that a need becomes: always the same, so that another version replaces it."""
    return f"NEED-{str(need_id)[-12:].upper()}"
