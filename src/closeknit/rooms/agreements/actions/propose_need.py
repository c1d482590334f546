"""Propose an agreed need as a clause of a contract: it is drafted, and decided as any contract is."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.agreements.actions.draft_contract import draft_contract
from closeknit.rooms.agreements.actions.propose_contract import propose_contract
from closeknit.rooms.agreements.actions.state_need import need_to_change, record_step
from closeknit.rooms.agreements.contracts.deals import Clause, ContractCard, ContractState, WantedContract
from closeknit.rooms.agreements.contracts.needs import LONGEST_AHEAD, NeedParameter, NeedState, said
from closeknit.rooms.agreements.models import ContractVersion, NeedRow, TermRow
from closeknit.rooms.agreements.reads.contracts import contract_of
from closeknit.rooms.agreements.reads.needs import parameter_of, standing, term_number_of, version_of
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.org.contracts import Permission


@dataclass(frozen=True, slots=True)
class NeedProposed:
    """The drafted version and the proposal that decides it."""

    version_id: UUID
    proposal_id: UUID


def propose_need(
    need_id: UUID, *, starts_on: date, reason: str, contract_number: str = "", by: Actor, at: datetime
) -> NeedProposed:
    """Draft the next version of a contract with the need as a clause, and propose it. Approved, it is promised.

    Args:
        contract_number: a contract signed here, whose other clauses stay; "": a contract of the need's own.

    Raises:
        NotFound: for a need of an account out of sight.
        Invalid: for a contract of another account, or one that only a source states; or a first day that has passed.
        Conflict: for a need that is not agreed, or while another version of the contract waits.
    """
    by.require(Permission.PROPOSE)
    with transaction.atomic():
        row = need_to_change(need_id, by=by)
        why = said(reason, "reason", 2000, "Say why it should be promised.")
        if not at.date() <= starts_on <= (at + LONGEST_AHEAD).date():
            raise Invalid("A promise begins today or later, within three years.", where="starts_on")
        parameter = parameter_of(row)
        state = standing(row, version_of(row))
        if state is not NeedState.AGREED or parameter is None:
            raise Conflict(f"This need is {state}.", where="state", todo="Agree first on what it comes to.")
        wanted = _wanted(row, parameter, contract_number or term_number_of(row.pk), starts_on, by)
        version_id = draft_contract(wanted, by=by, at=at)
        proposal_id = propose_contract(version_id, reason=why, by=by, at=at)
        row.state, row.version_id, row.moved_at = NeedState.PROPOSED.value, version_id, at
        row.save(update_fields=["state", "version_id", "moved_at"])
        sentence = f"{{actor}} proposed to promise {row.account_number} from {starts_on} on: {parameter.sentence}."
        evidence = {"version_id": version_id, "proposal_id": proposal_id, "term_number": term_number_of(row.pk)}
        record_step(row, "need.proposed", sentence, evidence, by=by)
    return NeedProposed(version_id, proposal_id)


def _wanted(row: NeedRow, parameter: NeedParameter, number: str, starts_on: date, by: Actor) -> WantedContract:
    account = customers.get_account(row.account_number, by=by, permission=Permission.PROPOSE).account_number
    clause = Clause(
        term_number=term_number_of(row.pk),
        operation=parameter.operation,
        service=parameter.service,
        work_class=parameter.work_class,
        measure=parameter.measure,
        within_minutes=parameter.within_minutes,
        clock=parameter.clock,
        target_share=parameter.target_share,
    )
    new = WantedContract(
        contract_number=number,
        title=f"What {account} needs"[:160],
        starts_on=starts_on,
        clauses=(clause,),
        account_number=account,
    )
    held = _held(number, starts_on)
    if held is None:
        return new
    if held.account_number != account:
        raise Invalid(
            "This contract is not the account's own.", where="contract_number", todo="Name one of its own, or none."
        )
    others = tuple(each for each in held.clauses if each.term_number != clause.term_number)
    return replace(
        new,
        title=held.title,
        clauses=(*others, clause),
        ends_on=held.ends_on,
        calendar=held.calendar,
        time_zone=held.time_zone,
        currency=held.currency,
        pause_reasons=held.pause_reasons,
        guarantees=held.guarantees,
    )


def _held(number: str, starts_on: date) -> ContractCard | None:
    """Return the signed version in force on a day; what only a source states is refused, for it would end."""
    in_force = Q(ends_on=None) | Q(ends_on__gt=starts_on)
    signed = ContractVersion.objects.filter(
        in_force, contract_number=number, state=ContractState.SIGNED.value, starts_on__lt=starts_on
    )
    row = signed.order_by("-version").first()
    if row is not None:
        return contract_of(row)
    if TermRow.objects.filter(in_force, contract__contract_number=number).exists():
        raise Invalid(
            "This contract has terms on that day that no version signed here holds.",
            where="contract_number",
            todo="Name none: the need becomes a contract of its own beside it. Or draft the version by hand.",
        )
    return None
