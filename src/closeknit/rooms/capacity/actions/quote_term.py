"""Quote a term before it is signed: what it takes, costs, and does to others, against the plan as it stands."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.events import publish
from closeknit.kernel.output import plain
from closeknit.rooms.agreements.contracts import Term, pick_term
from closeknit.rooms.capacity.compute.promises import in_force
from closeknit.rooms.capacity.compute.what_if import (
    WHAT_IF_VERSION,
    QuoteNumbers,
    WhatIf,
    change_terms,
    quote,
    quote_digest,
    what_if,
)
from closeknit.rooms.capacity.contracts.quotes import QUOTE_DAYS, TermQuoted
from closeknit.rooms.capacity.contracts.what_if import GuaranteeChange, PlanChanges, TermChange
from closeknit.rooms.capacity.models import Quote, QuoteEffect
from closeknit.rooms.capacity.reads.quote_stock import find_quoted_stock
from closeknit.rooms.capacity.reads.what_if import (
    AskedAccount,
    PlanToChange,
    find_asked_account,
    get_plan_to_change,
    require_one_currency,
    require_work,
    weekly_margin,
)
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

NO_PROMISE = "no promise"


def quote_term(term: TermChange, *, operation: str = "", plan_id: UUID | None = None, by: Actor, at: datetime) -> UUID:
    """Compute and keep a quote for a proposed term of an account; return its id. No transaction is open meanwhile.

    Against the named plan, or the operation's plan in force, or else its newest draft. Nothing is promised by it.

    Raises:
        NotFound: for an account or a plan that the actor may not see.
        Invalid: for a term that no plan can be made of, or of an account without work in the plan.
    """
    by.require(Permission.PROPOSE)
    plan = get_plan_to_change(plan_id, operation=operation, by=by)
    asked = find_account_to_quote(plan, term.account_number, by=by)
    term = _of_account(term, asked)
    require_work(plan, asked, term.service)
    require_one_currency(plan, (term,))
    found = what_if(plan.inputs, plan.numbers, PlanChanges(terms=(term,)), shares=asked.shares)
    begins = term.starts_on or plan.inputs.first_on
    known = in_force(plan.inputs.terms, begins) if plan.inputs.terms_by_week else plan.inputs.terms
    now = _holding(known, asked, term)
    stock = find_quoted_stock(plan, term, now_sentence=now.sentence if now else "", by=by)
    return store_quote(
        QuoteMade(
            plan=plan,
            asked=asked,
            proposed=term,
            now_sentence=now.sentence if now else NO_PROMISE,
            proposed_sentence=change_terms(plan.inputs.terms, (term,), plan.inputs)[-1].sentence,
            found=found,
            told=replace(quote(found, asked.account_number), stock=stock),
        ),
        by=by,
        at=at,
    )


@dataclass(frozen=True, slots=True)
class QuoteMade:
    """A quote that was computed: what was proposed of whom, against which plan, and what came out."""

    plan: PlanToChange
    asked: AskedAccount
    proposed: TermChange | GuaranteeChange
    now_sentence: str
    proposed_sentence: str
    found: WhatIf
    told: QuoteNumbers


def find_account_to_quote(plan: PlanToChange, account_number: str, *, by: Actor) -> AskedAccount:
    """Return an account that the actor may have something quoted for.

    Raises:
        NotFound: for one that the actor may not see, or not propose about.
    """
    by.require(Permission.PROPOSE)
    asked = find_asked_account(plan, account_number, by=by)
    if not org.list_visible([asked.account_number], permission=Permission.PROPOSE, by=by):
        raise NotFound("There is no such account.", where=account_number)
    return asked


def _of_account(term: TermChange, asked: AskedAccount) -> TermChange:
    return TermChange(
        account_number=asked.account_number,
        threshold_minutes=float(term.threshold_minutes),
        target_share=float(term.target_share),
        service=term.service,
        work_class=term.work_class,
        measure=term.measure,
        credit_per_miss=term.credit_per_miss,
        clock=term.clock,
        starts_on=term.starts_on,
    )


def store_quote(made: QuoteMade, *, by: Actor, at: datetime) -> UUID:
    """Keep a quote with its ledger line and say that it is there; return its id."""
    by.require(Permission.PROPOSE)
    plan, asked, told, found = made.plan, made.asked, made.told, made.found
    days = int(org.get_setting(QUOTE_DAYS, at=at, by=by).value)
    margin = weekly_margin(asked.account_number, plan.currency, at=at, by=org.system_actor())
    told_plainly = plain(told)
    sufferers = told_plainly.pop("sufferers")
    row = Quote(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        plan_id=plan.plan_id,
        operation=plan.operation,
        account_number=asked.account_number,
        team_id=customers.team_of([asked.account_number], by=by).get(asked.account_number),
        asked=plain(made.proposed),
        share_of_tier=plain(list(asked.shares)),
        now_sentence=made.now_sentence[:200],
        proposed_sentence=made.proposed_sentence[:200],
        verdict=told.verdict.value,
        told={**told_plainly, "sufferers": []},
        margin_before=margin.amount,
        margin_reason=margin.reason[:300],
        others=len(sufferers),
        made_at=at,
        made_by_key=by.key,
        made_by_name=by.name_for(Permission.PROPOSE)[:120],
        expires_at=at + timedelta(days=days),
        inputs_digest=found.inputs_digest,
        result_digest=quote_digest(found, told.stock),
        code_version=WHAT_IF_VERSION,
    )
    with transaction.atomic():
        row.save(force_insert=True)
        QuoteEffect.objects.bulk_create(
            QuoteEffect(
                quote=row,
                account_number=s.account_number,
                tier=s.tier,
                short_hours_more=s.short_hours_more,
                cost_more=s.cost_more or Decimal(0),
            )
            for s in told.sufferers
        )
        record_entry(_entry(row), by=by)
        publish(TermQuoted(row.thread_id, row.pk, row.account_number), by=by)
    return row.pk


def _holding(terms: tuple[Term, ...], asked: AskedAccount, term: TermChange) -> Term | None:
    """Return what holds for the account's work now, and the strictest of it where the proposal is for any service."""
    names = {term.service} if term.service else {t.service for t in terms} | {""}
    found = [
        pick_term(terms, account_number=asked.account_number, tier=asked.tier, service=name, work_class=term.work_class)
        for name in sorted(names)
    ]
    known = [t for t in found if t is not None]
    return min(known, key=lambda t: (t.threshold_minutes, -t.target_share, t.term_number), default=None)


def _entry(row: Quote) -> Entry:
    return Entry(
        thread_id=row.thread_id,
        kind="term.quoted",
        subject=f"quote:{row.pk}",
        sentence=(
            f"{{actor}} had a term quoted for {row.account_number}: {row.proposed_sentence}, now {row.now_sentence}; "
            f"{row.verdict}."
        ),
        account_number=row.account_number,
        evidence={
            "quote_id": row.pk,
            "plan_id": row.plan_id,
            "verdict": row.verdict,
            "inputs_digest": row.inputs_digest,
            "result_digest": row.result_digest,
            "code_version": row.code_version,
            "expires_at": row.expires_at,
        },
    )
