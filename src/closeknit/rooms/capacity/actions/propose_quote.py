"""Put a quoted term or guarantee before the decision table, as the next version of the account's contract."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, NotFound
from closeknit.kernel.scope import seeing_everything
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.agreements.actions.draft_contract import draft_contract
from closeknit.rooms.agreements.actions.propose_contract import propose_contract
from closeknit.rooms.agreements.contracts import (
    Clause,
    Clock,
    ContractCard,
    ContractState,
    Guarantee,
    GuaranteeKind,
    Term,
    WantedContract,
    pick_term,
)
from closeknit.rooms.agreements.contracts.calendars import MINUTES_PER_DAY
from closeknit.rooms.capacity.compute.what_if import change_terms
from closeknit.rooms.capacity.contracts import GuaranteeChange, QuoteCard, TermChange
from closeknit.rooms.capacity.models import QuoteEffect
from closeknit.rooms.capacity.reads.quotes import get_quote
from closeknit.rooms.capacity.reads.what_if import get_plan_to_change
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Effect, Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

WEEKS_PER_YEAR = 52
BY_HAND = "Draft the next version by hand, under Contracts."


@dataclass(frozen=True, slots=True)
class _Place:
    """Where what was quoted goes: its contract, what it replaces there, and what else stands in it.

    `term` is None where a guarantee was quoted: then all terms of the contract stay beside it.
    """

    contract_number: str
    term: Term | None
    replaced: tuple[Term, ...]
    beside: tuple[Term, ...]
    version: ContractCard | None


def propose_quote(quote_id: UUID, *, starts_on: date, reason: str, by: Actor, at: datetime) -> UUID:
    """Draft the account's contract with the quoted term or guarantee and propose to sign it; return the proposal's id.

    The term takes the place of the account's own ones that the quote covered, in their contract; everything else in it
    stays. Where there was none, the quote makes a contract of its own. A guarantee takes the place of one for the same
    service, or joins the contract that holds the account's terms there; an account without terms of its own keeps in it
    what is promised to its tier. What is at stake is the quoted price of a year,
    as far as the actor may see it. Asked again while it waits, it is the same proposal.

    Raises:
        NotFound: for a quote that the actor may not see, or not propose about.
        Invalid: without a reason, or for a first day that has passed.
        Conflict: when the quote is over, when another version waits, when it would change more than one contract, or
            when a guarantee would stand in a contract that promises nothing else.
    """
    by.require(Permission.PROPOSE)
    card = get_quote(quote_id, by=by, at=at)
    if not org.list_visible([card.account_number], permission=Permission.PROPOSE, by=by):
        raise NotFound("There is no such quote.", where=str(quote_id))
    if card.is_expired:
        raise Conflict("This quote is over.", where=str(quote_id), todo="Have the term quoted anew.")
    # Whoever may not read its money proposes it all the same: the words of a promise are whole or they are wrong.
    whole = get_quote(quote_id, by=org.system_actor(), at=at)
    place = _find_guarantee(whole, starts_on) if whole.guarantee else _find_place(whole, starts_on)
    wanted = _contract(place, whole, starts_on)
    waiting = _waiting(wanted)
    if waiting is not None:
        return waiting
    with transaction.atomic():
        version_id = draft_contract(wanted, by=by, at=at)
        proposal_id = propose_contract(
            version_id,
            reason=f"{reason.strip()} Quoted on {card.made_at:%Y-%m-%d}: {card.verdict.value}."
            if reason.strip()
            else "",
            money_at_stake=_money(card, wanted.currency),
            effects=_effects(card),
            by=by,
            at=at,
        )
        record_entry(_entry(card, version_id, proposal_id, wanted), by=by)
    return proposal_id


def _find_place(card: QuoteCard, starts_on: date) -> _Place:
    system = org.system_actor()
    inputs = get_plan_to_change(card.plan_id, by=system).inputs
    held = agreements.list_terms(account_number=card.account_number, on=starts_on, by=system)
    here = [term for term in held if term.operation == card.operation]
    assert card.term is not None
    after = change_terms(here, (replace(card.term, starts_on=None),), inputs)
    replaced = tuple(term for term in here if term not in after)
    numbers = sorted({term.contract_number for term in replaced})
    if len(numbers) > 1:
        raise _several(card, numbers)
    number = numbers[0] if numbers else _new_number(card)
    versions = agreements.list_contracts(contract_number=number, on=starts_on, by=system)
    own = [t for t in held if t.contract_number == number and t.account_number == card.account_number]
    return _Place(
        number, after[-1], replaced, tuple(t for t in own if t not in replaced), versions[0] if versions else None
    )


def _several(card: QuoteCard, numbers: Sequence[str]) -> Conflict:
    return Conflict(
        f"It would change {len(numbers)} contracts: {', '.join(numbers)}.",
        where=str(card.quote_id),
        todo="Quote each service by itself.",
    )


def _new_number(card: QuoteCard) -> str:
    return f"Q-{card.account_number[:80]}-{card.quote_id.hex[-8:]}"


def _find_guarantee(card: QuoteCard, starts_on: date) -> _Place:
    """Return the contract that a guarantee goes into: of the one in its place, else of the account's terms there."""
    system, asked = org.system_actor(), card.guarantee
    assert asked is not None
    signed = agreements.list_contracts(
        account_number=card.account_number, on=starts_on, state=ContractState.SIGNED.value, by=system
    )
    holding = {v.contract_number for v in signed if any(_is_replaced(g, asked, card.operation) for g in v.guarantees)}
    held = agreements.list_terms(account_number=card.account_number, on=starts_on, by=system)
    own = [t for t in held if t.account_number == card.account_number]
    here = [t for t in own if t.operation == card.operation]
    exact = [t for t in here if t.service == asked.service != ""]
    meant = exact or [t for t in here if "" in (asked.service, t.service)]
    numbers = sorted(holding or {t.contract_number for t in meant})
    if len(numbers) > 1:
        raise _several(card, numbers)
    number = numbers[0] if numbers else _new_number(card)
    version = next((v for v in signed if v.contract_number == number), None)
    beside = tuple(t for t in own if t.contract_number == number) or _of_tier(card, asked, number, held)
    return _Place(number, None, (), beside, version)


def _of_tier(card: QuoteCard, asked: GuaranteeChange, number: str, held: Sequence[Term]) -> tuple[Term, ...]:
    """Return what is promised to the account's tier, as terms of its own: a contract promises more than hours."""
    here = [t for t in held if t.operation == card.operation and not t.account_number]
    services = sorted({t.service for t in here if asked.service in ("", t.service) or not t.service})
    picked = [
        pick_term(here, account_number=card.account_number, tier=asked.tier, service=service, work_class="")
        for service in services
    ]
    found = {t.term_number: t for t in picked if t is not None}
    if not found:
        raise Conflict(
            "No term holds for the account there, and a contract cannot guarantee hours alone.",
            where=str(card.quote_id),
            todo="Quote a term first and have it signed.",
        )
    return tuple(
        replace(t, term_number=f"{number}-{place}", contract_number=number, account_number=card.account_number, tier="")
        for place, t in enumerate(found.values(), 1)
    )


def _is_replaced(held: Guarantee, asked: GuaranteeChange, operation: str) -> bool:
    return (held.kind, held.operation, held.service) == (GuaranteeKind.HOURS_PER_WEEK, operation, asked.service)


def _guarantees(place: _Place, card: QuoteCard) -> tuple[Guarantee, ...]:
    held = place.version.guarantees if place.version else ()
    asked = card.guarantee
    if asked is None:
        return held
    beside = (g for g in held if not _is_replaced(g, asked, card.operation))
    quoted = Guarantee(GuaranteeKind.HOURS_PER_WEEK, card.operation, asked.service, asked.hours_per_week)
    return (*beside, quoted)


def _waiting(wanted: WantedContract) -> UUID | None:
    """Return the proposal that says the same already: asked twice, it waits once."""
    system = org.system_actor()
    proposed = agreements.list_contracts(
        contract_number=wanted.contract_number, state=ContractState.PROPOSED.value, by=system
    )
    said = (wanted.starts_on, wanted.clauses, wanted.guarantees)
    same = (c.proposal_id for c in proposed if (c.starts_on, c.clauses, c.guarantees) == said)
    return next(same, None)


def _contract(place: _Place, card: QuoteCard, starts_on: date) -> WantedContract:
    version = place.version
    replaced = {term.term_number for term in place.replaced}
    quoted = () if card.term is None else (_quoted_clause(place, card.term, starts_on),)
    if version is not None:
        beside = tuple(clause for clause in version.clauses if clause.term_number not in replaced)
        return WantedContract(
            contract_number=place.contract_number,
            title=version.title,
            starts_on=starts_on,
            clauses=(*beside, *quoted),
            ends_on=version.ends_on,
            account_number=card.account_number,
            calendar=version.calendar,
            time_zone=version.time_zone,
            currency=version.currency or (card.currency if any(c.credit_per_miss for c in quoted) else ""),
            pause_reasons=version.pause_reasons,
            guarantees=_guarantees(place, card),
        )
    return WantedContract(
        contract_number=place.contract_number,
        title=f"Promises to {card.account_number}"[:160],
        starts_on=starts_on,
        clauses=(*(_clause(term) for term in place.beside), *quoted),
        ends_on=_common_end((*place.replaced, *place.beside), card),
        account_number=card.account_number,
        currency=_common_currency((*place.beside, *([place.term] if place.term else [])), card),
        guarantees=_guarantees(place, card),
    )


def _quoted_clause(place: _Place, asked: TermChange, starts_on: date) -> Clause:
    minutes = asked.threshold_minutes
    version = place.version
    if version is not None and version.calendar and asked.clock is Clock.BUSINESS:
        calendar = agreements.find_calendar(version.calendar, starts_on, by=org.system_actor())
        # Plans count 1,440 minutes for each open day, contracts the minutes that their calendar is open.
        minutes *= (calendar.open_minutes_per_day if calendar else MINUTES_PER_DAY) / MINUTES_PER_DAY
    number = place.replaced[0].term_number if place.replaced else f"{place.contract_number}-1"
    assert place.term is not None
    return replace(_clause(place.term), term_number=number[:80], within_minutes=round(minutes, 6))


def _clause(term: Term) -> Clause:
    return Clause(
        term_number=term.term_number,
        operation=term.operation,
        service=term.service,
        work_class=term.work_class,
        measure=term.measure,
        within_minutes=term.threshold_minutes,
        clock=term.clock,
        target_share=term.target_share,
        credit_per_miss=term.credit_per_miss or None,
    )


def _common_end(terms: Sequence[Term], card: QuoteCard) -> date | None:
    ends = {term.ends_on for term in terms}
    if len(ends) > 1:
        raise Conflict("The contract's terms end on different days.", where=str(card.quote_id), todo=BY_HAND)
    return next(iter(ends), None)


def _common_currency(terms: Sequence[Term], card: QuoteCard) -> str:
    found = {term.currency or card.currency for term in terms if term.credit_per_miss}
    if len(found) > 1:
        raise Conflict("The contract's credits are in several currencies.", where=str(card.quote_id), todo=BY_HAND)
    return next(iter(found), card.currency)


def _money(card: QuoteCard, currency: str) -> Decimal | None:
    """What a year costs at the quoted price; None where the actor may not see it, or it is in other money."""
    if card.price is None or currency != card.currency:
        return None
    return card.price * WEEKS_PER_YEAR


def _effects(card: QuoteCard) -> tuple[Effect, ...]:
    """Whom it touches, also those out of the proposer's sight: each reader of the proposal sees its own part."""
    with seeing_everything():
        others = list(QuoteEffect.objects.filter(quote_id=card.quote_id).exclude(account_number=""))
    own = Effect(card.account_number, None, f"It is promised {card.proposed_sentence}; now {card.now_sentence}.")
    lost = (
        Effect(other.account_number, None, f"It would get {other.short_hours_more:,.1f} hours less in the quoted plan.")
        for other in sorted(others, key=lambda other: (-other.short_hours_more, other.account_number))
    )
    return (own, *lost)


def _entry(card: QuoteCard, version_id: UUID, proposal_id: UUID, wanted: WantedContract) -> Entry:
    return Entry(
        thread_id=card.thread_id,
        kind="quote.proposed",
        subject=f"quote:{card.quote_id}",
        sentence=(
            f"{{actor}} proposed to sign what was quoted for {card.account_number}: {card.proposed_sentence}, "
            f"from {wanted.starts_on} on."
        ),
        account_number=card.account_number,
        evidence={
            "quote_id": card.quote_id,
            "version_id": version_id,
            "proposal_id": proposal_id,
            "contract_number": wanted.contract_number,
        },
    )
