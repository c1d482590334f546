"""Keep a contract that proved itself as a template for others: everything but the account and the money."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.output import plain
from closeknit.rooms.agreements.contracts.adherence import AdherenceVerdict
from closeknit.rooms.agreements.contracts.deals import ContractCard, ContractState
from closeknit.rooms.agreements.contracts.needs import check_review, said
from closeknit.rooms.agreements.contracts.setups import PROOF_DAYS, SetupState, WantedSetup
from closeknit.rooms.agreements.models import SetupTemplate
from closeknit.rooms.agreements.reads.adherence import get_adherence
from closeknit.rooms.agreements.reads.contracts import get_contract
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission


def save_setup(wanted: WantedSetup, *, by: Actor, at: datetime) -> UUID:
    """Make a template of a signed version; return its id. What was not kept of late proves nothing and is refused.

    Raises:
        Denied: unless the actor may propose for every account: a template is for all.
        NotFound: for a version out of sight.
        Invalid: for what was not signed, was not kept, or has no name, purpose or review date.
        Conflict: when a template in use has the name.
    """
    require_all(by=by)
    name = said(wanted.name, "name", 80, "Name it, such as Repairs, gold.")
    purpose = said(wanted.purpose, "purpose", 500, "Say for whom it is, and what it is good for.")
    check_review(wanted.review_on, at)
    card = get_contract(wanted.version_id, by=by)
    if card.state is not ContractState.SIGNED:
        raise Invalid(f"This version is {card.state}.", where="version_id", todo="Only what was signed can be proven.")
    proof = _proof(card, by, at)
    try:
        with transaction.atomic():
            row = SetupTemplate.objects.create(
                id=ids.new_id(),
                thread_id=ids.new_id(),
                name=name,
                purpose=purpose,
                state=SetupState.IN_USE.value,
                calendar=card.calendar,
                pause_reasons=list(card.pause_reasons),
                clauses=[
                    plain(asdict(replace(each, credit_per_miss=None, penalty_per_point=None, penalty_cap=None)))
                    for each in card.clauses
                ],
                guarantees=[plain(asdict(each)) for each in card.guarantees],
                proof=proof,
                made_of=card.version_id,
                review_on=wanted.review_on,
                made_at=at,
                made_by_key=by.key,
                made_by_name=by.name,
            )
            evidence = {"purpose": purpose, "made_of": card.version_id, "proof": proof, "review_on": wanted.review_on}
            record_setup_step(row, "setup.saved", f"{{actor}} kept template {name}: {proof}", evidence, by=by)
    except IntegrityError:
        raise Conflict("A template in use has this name.", where="name", todo="Retire it, or choose another.") from None
    return row.pk


def require_all(*, by: Actor) -> None:
    """Refuse whoever may not propose for every account."""
    by.require(Permission.PROPOSE)
    if not by.scope_of(Permission.PROPOSE).every_account:
        raise Denied(
            "A template is for all accounts; you look after some.",
            where="account scope",
            todo="Ask someone who answers for all of them.",
        )


def setup_to_change(template_id: UUID, *, by: Actor) -> SetupTemplate:
    """Return a template in use, locked."""
    by.require(Permission.PROPOSE)
    row = SetupTemplate.objects.select_for_update().filter(pk=template_id).first()
    if row is None:
        raise NotFound("There is no such template.", where=str(template_id))
    if row.state != SetupState.IN_USE.value:
        raise Conflict("This template is retired.", where="state", todo="Take one that is in use.")
    return row


def record_setup_step(
    row: SetupTemplate, kind: str, sentence: str, evidence: Mapping[str, object], account: str = "", *, by: Actor
) -> None:
    """Write the ledger line of one step of a template."""
    by.require(Permission.PROPOSE)
    entry = Entry(
        thread_id=row.thread_id,
        kind=kind,
        subject=f"setup:{row.pk}",
        sentence=sentence,
        account_number=account,
        evidence={"template_id": row.pk, **evidence},
    )
    record_entry(entry, by=by)


def _proof(card: ContractCard, by: Actor, at: datetime) -> str:
    """Say how the contract was kept of late; refuse what was not."""
    until_on = at.date() + timedelta(days=1)
    from_on = max(until_on - timedelta(days=PROOF_DAYS), card.starts_on)
    if not card.account_number or from_on >= until_on:
        return "Not proven yet: nothing came due."
    found = get_adherence(card.account_number, from_on=from_on, until_on=until_on, by=by, at=at)
    own = [
        each
        for each in found.obligations
        if (each.contract_number, each.contract_version) == (card.contract_number, card.version)
    ]
    missed = [each.term_number for each in own if each.verdict is AdherenceVerdict.NOT_KEPT]
    if missed:
        raise Invalid(
            f"It was not kept in the last {PROOF_DAYS} days: {', '.join(missed)}."[:400],
            where="version_id",
            todo="Take a contract that was kept, or change this one first.",
        )
    settled = sum(each.settled for each in own)
    if not settled:
        return "Not proven yet: nothing came due."
    return f"Kept {sum(each.kept for each in own)} of {settled} in the {PROOF_DAYS} days before."
