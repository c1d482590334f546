"""What a proposed promise asks of the shelves beside what they hold now: two sizings beside each other. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from closeknit.rooms.agreements.contracts import Measure, Term
from closeknit.rooms.capacity.compute.stock import StockInputs, StockPromise, StockTold, size_shelves
from closeknit.rooms.capacity.contracts.quotes import QuoteStock, QuoteStockItem
from closeknit.rooms.capacity.contracts.stock import StockItem

MOST_ITEMS = 50
LEAST_PIECES = 0.01
CENT = Decimal("0.01")


def quote_stock(
    inputs: StockInputs,
    term: Term,
    *,
    now_sentence: str,
    every_promise: bool,
    currency: str,
    stock_plan_id: UUID,
) -> QuoteStock | None:
    """Return the pieces and the money that a proposed promise to ship adds; None where it touches no item.

    It takes the place of the account's promises in the words of `now_sentence` ("": of none), or of every one. All that
    is sold goes on as it was sized; money is of the plan's currency, other items are counted.
    """
    if term.measure is not Measure.SHIP_WITHIN:
        return None
    covered = {
        place
        for place, promise in enumerate(inputs.promises)
        if promise.account_number == term.account_number and (every_promise or promise.sentence == now_sentence)
    }
    series = tuple(one for one in inputs.series if _bought(one.promises, one.pieces) & covered)
    if not series:
        return None
    asked = StockPromise(term.account_number, term.target_share, term.sentence)
    changed = tuple(asked if place in covered else promise for place, promise in enumerate(inputs.promises))
    before = size_shelves(replace(inputs, series=series))
    after = size_shelves(replace(inputs, series=series, promises=changed))
    prices = {(one.item, one.site): one.price_per_piece for one in series}
    items = [_item(*pair, prices) for pair in zip(before.items, after.items, strict=True)]
    known = [item for item in items if item.currency == currency]
    more = sorted(
        (item for item in items if abs(item.pieces_more) >= LEAST_PIECES),
        key=lambda item: (-abs(item.value_more or Decimal(0)), -abs(item.pieces_more), item.item, item.site),
    )
    own = [_own(told, term.account_number, currency) for told in (before, after)]
    return QuoteStock(
        stock_plan_id=stock_plan_id,
        as_of_on=inputs.as_of_on,
        target_share=term.target_share,
        items=len(items),
        items_more=len(more),
        items_in_other_money=len(items) - len(known),
        own_pieces_more=round(own[1][0] - own[0][0], 6),
        own_cost_per_week_more=own[1][1] - own[0][1],
        pieces_more=round(sum(item.pieces_more for item in items), 6),
        short_pieces_more=round(sum(item.short_pieces_more or 0.0 for item in items), 6),
        value_more=sum((item.value_more or Decimal(0) for item in known), Decimal(0)),
        cost_per_week_more=sum((item.cost_per_week_more or Decimal(0) for item in known), Decimal(0)),
        worst=tuple(more[:MOST_ITEMS]),
    )


def _bought(places: Sequence[int], pieces: Sequence[float]) -> set[int]:
    return {place for place, asked in zip(places, pieces, strict=True) if asked > 0}


def _item(before: StockItem, after: StockItem, prices: Mapping[tuple[str, str], float]) -> QuoteStockItem:
    more = after.needed_pieces - before.needed_pieces
    short = None if after.short_pieces is None else after.short_pieces - (before.short_pieces or 0.0)
    return QuoteStockItem(
        item=after.item,
        site=after.site,
        needed_pieces=after.needed_pieces,
        pieces_more=round(more, 6),
        short_pieces=after.short_pieces,
        short_pieces_more=None if short is None else round(short, 6),
        value_more=Decimal(repr(more * prices[after.item, after.site])).quantize(CENT),
        cost_per_week_more=(after.cost_per_week or Decimal(0)) - (before.cost_per_week or Decimal(0)),
        currency=after.currency,
    )


def _own(told: StockTold, account_number: str, currency: str) -> tuple[float, Decimal]:
    mine = [part for part in told.accounts if part.account_number == account_number]
    costs = (part.cost_per_week or Decimal(0) for part in mine if part.currency == currency)
    return sum(part.needed_pieces for part in mine), sum(costs, Decimal(0))
