"""The stock that a quoted term asks for, from the operation's stock as it was sized."""

from functools import lru_cache
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.capacity.compute.stock import StockInputs, stock_inputs_of
from closeknit.rooms.capacity.compute.stock_quote import quote_stock
from closeknit.rooms.capacity.compute.what_if import change_terms
from closeknit.rooms.capacity.contracts.quotes import QuoteStock
from closeknit.rooms.capacity.contracts.what_if import TermChange
from closeknit.rooms.capacity.models import StockPlan
from closeknit.rooms.capacity.reads.what_if import PlanToChange
from closeknit.rooms.org.contracts import Permission

SIZINGS_KEPT = 2


def find_quoted_stock(
    plan: PlanToChange, term: TermChange, *, now_sentence: str, stock_plan_id: UUID | None = None, by: Actor
) -> QuoteStock | None:
    """Return what a term asks of the shelves, over all accounts: doors show of it what the actor may see.

    By the named sizing, or the newest of the plan's operation; None where there is none, or it touches no item.
    `now_sentence`: the words of what holds now, "" where nothing does.

    Raises:
        NotFound: where the named sizing is no longer there.
    """
    by.require(Permission.READ_CAPACITY)
    rows = StockPlan.objects.filter(operation=plan.operation).only("items")
    sizing = (rows.filter(pk=stock_plan_id) if stock_plan_id else rows.order_by("-made_at", "-pk")).first()
    if sizing is None and stock_plan_id:
        raise NotFound("The stock that this was quoted from is no longer there.", where=str(stock_plan_id))
    if sizing is None or not sizing.items:
        return None
    return quote_stock(
        _sized(sizing.pk),
        change_terms(plan.inputs.terms, (term,), plan.inputs)[-1],
        now_sentence=now_sentence,
        every_promise=not term.service and not term.work_class,
        currency=plan.currency,
        stock_plan_id=sizing.pk,
    )


@lru_cache(maxsize=SIZINGS_KEPT)
def _sized(stock_plan_id: UUID) -> StockInputs:
    return stock_inputs_of(bytes(StockPlan.objects.values_list("inputs", flat=True).get(pk=stock_plan_id)))
