"""Put a drafted contract before the decision table: what is promised is only changed by a decision."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.rooms.agreements.compute import day_starts, from_us
from closeknit.rooms.agreements.contracts.deals import Clause, ContractCard, ContractState
from closeknit.rooms.agreements.models import ContractVersion
from closeknit.rooms.agreements.reads.contracts import contract_of
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.decisions.actions.propose_change import propose_change
from closeknit.rooms.decisions.contracts import Effect
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

KIND = "renegotiation"


def propose_contract(
    version_id: UUID,
    *,
    reason: str,
    money_at_stake: Decimal | None = None,
    effects: tuple[Effect, ...] = (),
    by: Actor,
    at: datetime,
) -> UUID:
    """Propose that a drafted version be signed; return the proposal's id. It lapses when its first day is over.

    Args:
        money_at_stake: what the change is worth a year, in the contract's currency, where somebody has priced it.
        effects: which accounts gain or lose by it; without any, the contract's own account is named.

    Raises:
        NotFound: for a version that the actor may not see, or not propose about.
        Invalid: without a reason, or when its first day has passed.
        Conflict: when it is no draft any more, or another version of the contract waits.
    """
    by.require(Permission.PROPOSE)
    with transaction.atomic():
        row = ContractVersion.objects.select_for_update().filter(pk=version_id).first()
        # Whether the account is one to propose about, the proposal itself checks once more.
        if row is None or (row.account_number and not org.list_visible([row.account_number], by=by)):
            raise NotFound("There is no such contract.", where=str(version_id))
        card = contract_of(row)
        _check(card, reason, at)
        proposal_id = propose_change(
            kind=KIND,
            subject=f"contract:{card.contract_number}"[:120],
            title=f"Sign version {card.version} of contract {card.contract_number} with {card.whom}"[:200],
            summary=f"From {card.starts_on} on. {reason.strip()}",
            before=_said(_version_before(card)),
            after={"version": str(card.version_id), **_said(card)},
            effects=effects or _own_effect(card),
            tier=_tier(card, by),
            money_at_stake=money_at_stake,
            currency=card.currency if money_at_stake is not None else "",
            facts={},
            account_number=card.account_number,
            thread_id=card.thread_id,
            expires_at=_ends(card),
            by=by,
            at=at,
        )
        ContractVersion.objects.filter(pk=row.pk, state=ContractState.DRAFT.value).update(
            state=ContractState.PROPOSED.value, proposal_id=proposal_id
        )
    return proposal_id


def _check(card: ContractCard, reason: str, at: datetime) -> None:
    if not reason.strip():
        raise Invalid("What is promised is not changed without a reason.", where="reason", todo="Say why.")
    if card.state is not ContractState.DRAFT:
        raise Conflict(f"This version is {card.state}.", where=str(card.version_id), todo="Draft another version.")
    if _ends(card) <= at:
        raise Invalid(
            "Its first day has passed; nothing is promised for the past.",
            where="starts_on",
            todo="Draft another version that begins later.",
        )


def _ends(card: ContractCard) -> datetime:
    return from_us(day_starts(card.starts_on + timedelta(days=1), card.time_zone))


def _version_before(card: ContractCard) -> ContractCard | None:
    signed = ContractVersion.objects.filter(
        contract_number=card.contract_number, state=ContractState.SIGNED.value, starts_on__lte=card.starts_on
    )
    row = signed.order_by("-starts_on", "-version").first()
    return contract_of(row) if row else None


def _said(card: ContractCard | None) -> dict[str, object]:
    if card is None:
        return {"clauses": "no version signed here"}
    return {
        "title": card.title,
        "from": card.starts_on.isoformat(),
        "until": card.ends_on.isoformat() if card.ends_on else "open",
        "calendar": card.calendar or "working days",
        "pauses for": ", ".join(card.pause_reasons) or "nothing",
        **{f"clause {clause.term_number}": _say_clause(clause) for clause in card.clauses},
        **{
            f"guarantee {number}": f"{each.operation}{' ' + each.service if each.service else ''}: {each.amount:g}"
            f" {'of open time' if each.kind == 'availability' else each.kind}"
            for number, each in enumerate(card.guarantees, 1)
        },
    }


def _say_clause(clause: Clause) -> str:
    """Say a clause in a line, without its money: not everybody who sees a proposal sees amounts."""
    what = " ".join(filter(None, (clause.operation, clause.service, clause.work_class)))
    span = f"{clause.within_minutes:g} {'open ' if clause.clock == 'business' else ''}minutes"
    return f"{what}: {clause.target_share * 100:.4g} % {clause.measure.replace('_', ' ')} {span}"


def _own_effect(card: ContractCard) -> tuple[Effect, ...]:
    if not card.account_number:
        return ()
    return (Effect(card.account_number, None, f"What is promised to it changes on {card.starts_on}."),)


def _tier(card: ContractCard, by: Actor) -> str:
    if not card.account_number:
        return card.tier
    return customers.get_account(card.account_number, by=by).tier.value
