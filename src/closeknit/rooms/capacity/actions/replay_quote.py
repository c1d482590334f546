"""Compute a stored quote again from its plan, and compare."""

from uuid import UUID

import msgspec

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.capacity.actions.quote_term import NO_PROMISE
from closeknit.rooms.capacity.compute.what_if import WHAT_IF_VERSION, QuoteNumbers, proposed_of, quote_digest, what_if
from closeknit.rooms.capacity.contracts.what_if import PlanChanges, SeriesShare, TermChange
from closeknit.rooms.capacity.models import Quote
from closeknit.rooms.capacity.reads.quote_stock import find_quoted_stock
from closeknit.rooms.capacity.reads.what_if import get_plan_to_change
from closeknit.rooms.decisions.contracts import LedgerLine, Recomputed
from closeknit.rooms.org.contracts import Permission


def recompute_quoted_line(line: LedgerLine, *, by: Actor) -> Recomputed:
    """Compute the quote of a `term.quoted` line again, and set it beside what that line says came out."""
    by.require(Permission.READ_LEDGER)
    row = Quote.objects.filter(pk=UUID(str(line.evidence["quote_id"]))).first()
    if row is None:
        raise NotFound("There is no such quote.", where=line.subject)
    plan = get_plan_to_change(row.plan_id, by=by)
    proposed = proposed_of(row.asked)
    changes = (
        PlanChanges(terms=(proposed,)) if isinstance(proposed, TermChange) else PlanChanges(guarantees=(proposed,))
    )
    shares = tuple(msgspec.convert(row.share_of_tier, list[SeriesShare]))
    again = what_if(plan.inputs, plan.numbers, changes, shares=shares)
    stock = msgspec.convert(row.told, QuoteNumbers, strict=False).stock
    if stock is not None and isinstance(proposed, TermChange):
        now = "" if row.now_sentence == NO_PROMISE else row.now_sentence
        sizing = stock.stock_plan_id
        stock = find_quoted_stock(plan, proposed, now_sentence=now, stock_plan_id=sizing, by=by)
    how = f"Quoted from the stored plan and forecast, by code {WHAT_IF_VERSION}, then {row.code_version}."
    return Recomputed(str(line.evidence["result_digest"]), quote_digest(again, stock), how)
