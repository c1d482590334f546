"""Compute a stored quote again from its plan, and compare."""

from uuid import UUID

import msgspec

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.capacity.compute.what_if import WHAT_IF_VERSION, what_if
from closeknit.rooms.capacity.contracts.what_if import PlanChanges, SeriesShare, TermChange
from closeknit.rooms.capacity.models import Quote
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
    changes = PlanChanges(terms=(msgspec.convert(row.asked, TermChange),))
    shares = tuple(msgspec.convert(row.share_of_tier, list[SeriesShare]))
    again = what_if(plan.inputs, plan.numbers, changes, shares=shares)
    how = f"Quoted from the stored plan and forecast, by code {WHAT_IF_VERSION}, then {row.code_version}."
    return Recomputed(str(line.evidence["result_digest"]), again.digest, how)
