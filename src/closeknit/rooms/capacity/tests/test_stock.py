"""Stock that keeps promises: right in small cases, adding up, kept as it was, and seen by whom it may be."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from django.db import InternalError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from tests.cast import NORTH, SOUTH, enter
from tests.small_company import AT, FIRST_ON, deliver_all

from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.rooms.capacity.actions.replay_stock import recompute_stock_line, replay_stock
from closeknit.rooms.capacity.actions.size_stock import size_stock
from closeknit.rooms.capacity.compute.stock import (
    StockInputs,
    StockPromise,
    StockSeries,
    StockSite,
    size_shelves,
    stock_bytes,
    stock_digest,
    stock_inputs_of,
)
from closeknit.rooms.capacity.models import StockPartRow, StockPlan
from closeknit.rooms.capacity.reads import stock
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.sensing.actions.load_recipe import load_recipe

DAYS = 70
SITE = StockSite("HALL", 14, 7)
CUSTOMERS = (("ACME", "Acme Works", "strategic", NORTH, 6), ("BOLT", "Bolt Tools", "standard", SOUTH, 3))
RECIPE = """
recipe: shelves
title: Shelves
time_zone: Europe/Berlin
streams:
  - name: accounts
    from: accounts.csv
    into: account
    fields: {account_number: number, name: name, tier: tier, team: team}
  - name: terms
    from: terms.csv
    into: term
    fields: {term_number: term, contract_number: term, tier: tier, operation: {value: warehouse},
             service: {value: picking}, measure: {value: ship_within}, threshold_minutes: {value: 1440},
             target_share: share, credit_per_miss: {value: "2"}, currency: {value: EUR},
             starts_on: {value: "2025-01-01"}}
  - name: stock
    from: stock.csv
    into: stock
    fields: {item: item, site: site, on_hand: on_hand, on_order: on_order, as_of: as_of}
  - name: orders
    from: orders.csv
    into: work
    key: [order]
    fields: {operation: {value: warehouse}, service: {value: picking}, occurred_at: at, quantity: {value: 1},
             product: item, account_number: {from: account, known: account}, amount: amount, currency: {value: EUR}}
    details:
      units: {from: units, type: number, min: 0, required: true}
"""


def inputs(series, promises, sites=(SITE,)):
    return StockInputs("warehouse", date(2026, 3, 2), 0.26, tuple(sites), tuple(promises), tuple(series))


def series(weekly, pieces, *, on_hand=None, on_order=None, price=10.0):
    promises = tuple(range(len(pieces)))
    return StockSeries("BOLTS", "HALL", tuple(weekly), promises, tuple(pieces), on_hand, price, "EUR", on_order)


def test_one_shelf_is_the_smallest_that_serves_its_share():
    """Weeks as even as chance: three weeks' demand is Poisson, and what is short of it can be summed up by hand."""
    weekly = [30.0] * 52
    told = size_shelves(inputs([series(weekly, [1560.0], on_hand=80.0)], [StockPromise("ACME", 0.98, "98 %")]))
    item = told.items[0]
    served = [1.0 - _short(level, 90.0) / 90.0 for level in range(200)]
    assert item.needed_pieces == next(level for level, share in enumerate(served) if share >= 0.98)
    assert item.buffer_pieces == item.needed_pieces - 90.0
    assert item.short_pieces == item.needed_pieces - 80.0
    # The buffer and half a week's delivery lie there, at 26 % of ten euros a year.
    assert item.cost_per_week == Decimal(repr((item.buffer_pieces + 15.0) * 10.0 * 0.26 / 52)).quantize(Decimal("0.01"))


def test_what_is_on_order_is_not_short():
    """The red twin is the same shelf without: all that is not on hand counts as short."""
    promise, weekly = [StockPromise("ACME", 0.98, "98 %")], [30.0] * 52
    needed = size_shelves(inputs([series(weekly, [1560.0])], promise)).items[0].needed_pieces

    def found(**there):
        return size_shelves(inputs([series(weekly, [1560.0], **there)], promise)).items[0]

    assert found(on_hand=80.0).short_pieces == needed - 80.0
    assert found(on_hand=80.0, on_order=5.0).short_pieces == needed - 85.0
    assert found(on_hand=80.0, on_order=needed).short_pieces == 0.0
    assert "80 are on hand and 5 on order; what is ordered today" in found(on_hand=80.0, on_order=5.0).sentence
    assert "on order" not in found(on_hand=80.0).sentence
    assert found(on_order=5.0).short_pieces is None


def _short(level, mean):
    counts = np.arange(level + 1, level + 400)
    return float(((counts - level) * stats.poisson.pmf(counts, mean)).sum())


def test_what_a_stricter_promise_adds_is_carried_by_whom_it_was_made_to():
    promises = [StockPromise("ACME", 0.99, "99 %"), StockPromise("BOLT", 0.9, ""), StockPromise("", 0.9, "")]
    weekly = [20.0, 60.0] * 26
    loose, strict = (
        size_shelves(inputs([series(weekly, [520.0, 1040.0, 520.0])], told))
        for told in ([replace(one, target_share=0.9) for one in promises], promises)
    )
    mine, others = ({part.account_number: part.needed_pieces for part in told.accounts} for told in (strict, loose))
    assert mine["BOLT"] == others["BOLT"] == pytest.approx(loose.items[0].needed_pieces / 2)
    added = strict.items[0].needed_pieces - loose.items[0].needed_pieces
    assert added > 0
    assert mine["ACME"] == pytest.approx(others["ACME"] + added)
    assert strict.items[0].promised_to == "ACME"


@given(
    pieces=st.lists(st.floats(0.5, 500.0), min_size=1, max_size=6),
    targets=st.lists(st.sampled_from([0.6, 0.9, 0.95, 0.99]), min_size=6, max_size=6),
    weekly=st.lists(st.integers(0, 80).map(float), min_size=4, max_size=20).filter(any),
)
def test_parts_add_up_and_a_stricter_promise_never_needs_less(pieces, targets, weekly):
    promises = [StockPromise(f"A{i}", targets[i], "said") for i in range(len(pieces))]
    told = size_shelves(inputs([series(weekly, pieces)], promises))
    assert sum(part.needed_pieces for part in told.accounts) == pytest.approx(told.items[0].needed_pieces, abs=1e-4)
    alike = [
        size_shelves(inputs([series(weekly, pieces)], [replace(one, target_share=share) for one in promises]))
        for share in sorted(set(targets))
    ]
    assert all(a.items[0].needed_pieces <= b.items[0].needed_pieces for a, b in pairwise(alike))


def test_the_same_inputs_read_back_give_the_same_digest():
    given_inputs = inputs([series([3.0, 9.0, 1.0, 4.0], [17.0], on_hand=2.5)], [StockPromise("ACME", 0.95, "95 %")])
    again = stock_inputs_of(stock_bytes(given_inputs))
    assert again == given_inputs
    assert stock_digest(size_shelves(again)) == stock_digest(size_shelves(given_inputs))


@pytest.fixture
def shelves(tmp_path, db):
    """Ten weeks of two accounts' orders of two items, one of them counted."""
    write(tmp_path, on_hand=100)
    load_recipe(str(tmp_path / "recipe.yaml"), tmp_path, by=enter("alice"), at=AT)
    deliver_all()
    return tmp_path


def write(folder, *, on_hand, on_order="", as_of="2026-01-01"):
    rng = np.random.default_rng(3)
    orders, number = [], 0
    for day in range(DAYS):
        at = f"{FIRST_ON + timedelta(days=day)}T09:00:00+01:00"
        for account, _, _, _, units in CUSTOMERS:
            for item in ("BOLTS", "NUTS"):
                number += 1
                pieces = int(rng.poisson(units))
                orders.append(f"{number},{at},{item},{account},{pieces * 2},{pieces}")
    files = {
        "recipe.yaml": RECIPE,
        "accounts.csv": "number,name,tier,team\n" + "".join(f"{n},{a},{t},{m}\n" for n, a, t, m, _ in CUSTOMERS),
        "terms.csv": "term,tier,share\nT-TOP,strategic,0.99\nT-STANDARD,standard,0.9\n",
        "stock.csv": f"item,site,on_hand,on_order,as_of\nBOLTS,HALL,{on_hand},{on_order},{as_of}\n",
        "orders.csv": "order,at,item,account,amount,units\n" + "\n".join(orders) + "\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)


def test_stock_is_sized_from_pieces_promises_and_counts(shelves, alice, bob, carol):
    found = size_stock("warehouse", by=alice, at=AT)
    card = stock.get_stock_plan(found, by=alice)
    bolts, nuts = sorted(stock.list_stock_items(found, by=alice), key=lambda one: one.item)
    with connection.cursor() as cursor:
        cursor.execute(
            "select sum((details->>'units')::float8) from sensing_work where product = 'BOLTS' and occurred_at >= %s",
            [f"{card.as_of_on - timedelta(days=7 * card.weeks_seen)} 00:00+01:00"],
        )
        (pieces,) = cursor.fetchone()
    assert bolts.weekly_pieces == pytest.approx(pieces / card.weeks_seen)
    assert (card.lead_days, card.review_days, card.items, card.items_uncounted) == (21, 7, 2, 1)
    assert bolts.target_share == 0.99
    assert bolts.short_pieces == bolts.needed_pieces - 100.0
    assert (nuts.on_hand_pieces, bolts.on_order_pieces, nuts.on_order_pieces) == (None, None, None)
    assert any("What is on order is not known" in said for said in card.assumptions)
    own = {part.account_number: part for number in ("ACME", "BOLT") for part in stock.account_stock(number, by=alice)}
    assert sum(part.needed_pieces for part in own.values()) == pytest.approx(bolts.needed_pieces + nuts.needed_pieces)
    assert own["ACME"].worst[0].item == "BOLTS"
    assert (own["ACME"].target_share, own["BOLT"].target_share) == (0.99, 0.9)
    assert bolts.cost_per_week > 0
    assert replay_stock(found, by=alice).is_same
    (line,) = decisions.get_thread(card.thread_id, by=alice)
    assert recompute_stock_line(line, by=alice).now_digest == card.result_digest
    assert size_stock("warehouse", by=alice, at=AT) == found, "nothing changed, so nothing new is kept"


def test_who_sees_some_accounts_sees_their_part_and_no_total(shelves, alice, bob):
    found = size_stock("warehouse", by=alice, at=AT)
    assert [part.account_number for part in stock.account_stock("ACME", by=bob)] == ["ACME"]
    for refused in (lambda: stock.get_stock_plan(found, by=bob), lambda: stock.account_stock("BOLT", by=bob)):
        with pytest.raises(NotFound):
            refused()
    assert stock.list_stock_plans(by=bob) == []
    with pytest.raises(Denied):
        size_stock("warehouse", by=bob, at=AT)


def test_a_new_count_sizes_again_and_what_was_found_never_changes(shelves, alice):
    first = size_stock("warehouse", by=alice, at=AT)
    write(shelves, on_hand=0, on_order=5000, as_of="2026-01-08")
    load_recipe(str(shelves / "recipe.yaml"), shelves, by=alice, at=AT)
    second = size_stock("warehouse", by=alice, at=AT)
    assert second != first
    by_item = {one.item: one for one in stock.list_stock_items(second, by=alice)}
    assert (by_item["BOLTS"].on_hand_pieces, by_item["BOLTS"].on_order_pieces) == (0, 5000)
    assert not any("is not known" in said for said in stock.get_stock_plan(second, by=alice).assumptions)
    assert by_item["BOLTS"].short_pieces == 0
    assert stock.list_stock_items(second, by=alice, short_only=True) == []
    assert [card.stock_plan_id for card in stock.list_stock_plans(by=alice)] == [second]
    assert len(stock.account_stock("ACME", by=alice)) == 1, "only the newest counts"
    for rows in (StockPlan.objects.filter(pk=first), StockPartRow.objects.filter(stock_plan_id=first)):
        changed = {"items": 9} if rows.model is StockPlan else {"told": {}}
        with pytest.raises((InternalError, Exception), match="never changes"), transaction.atomic():
            rows.update(**changed)


def test_what_cannot_be_sized_is_refused_with_the_reason(tmp_path, db, alice):
    with pytest.raises(Invalid, match="No stock is on record"):
        size_stock("warehouse", by=alice, at=AT)
