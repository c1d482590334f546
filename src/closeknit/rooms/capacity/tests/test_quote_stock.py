"""A quoted promise to ship says which pieces it asks of the shelves and what is bound in them, to whom it may."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from tests.cast import sign_in
from tests.small_company import AT, FOREIGN, build

from closeknit.rooms.agreements.contracts import Measure
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions import size_stock as sizing
from closeknit.rooms.capacity.actions.quote_term import quote_term
from closeknit.rooms.capacity.actions.replay_quote import recompute_quoted_line
from closeknit.rooms.capacity.compute.stock import StockInputs, StockPromise, StockSeries, StockSite, size_shelves
from closeknit.rooms.capacity.compute.stock_quote import quote_stock
from closeknit.rooms.capacity.contracts import TermChange
from closeknit.rooms.capacity.models import StockPlan
from closeknit.rooms.capacity.tests.builders import term
from closeknit.rooms.decisions import reads as decisions
from closeknit.web import boot
from closeknit.web.cli import main

SIZING = UUID(int=7)
NOW = "95% shipped within 24 hours"
WEEKLY = (30.0, 20.0, 40.0) * 4


def series(item, promises, pieces, *, price=10.0, currency="EUR", on_hand=80.0):
    return StockSeries(item, "Hall", WEEKLY, promises, pieces, on_hand, price, currency)


SHELVES = StockInputs(
    "warehouse",
    AT.date(),
    0.26,
    (StockSite("Hall", 14, 7),),
    (StockPromise("ACME", 0.95, NOW), StockPromise(FOREIGN, 0.97, "97%"), StockPromise("ACME", 0.9, "by mail")),
    (
        series("BOLTS", (0, 1), (240.0, 120.0)),
        series("NUTS", (2,), (360.0,), price=2.0, on_hand=None),
        series("GEARS", (1,), (360.0,)),
        series("BELTS", (0,), (360.0,), currency="USD"),
    ),
)


def asked(share, every=True, now=NOW, **changes):
    proposed = replace(term("T", minutes=720.0, share=share, account="ACME"), measure=Measure.SHIP_WITHIN, **changes)
    return quote_stock(SHELVES, proposed, now_sentence=now, every_promise=every, currency="EUR", stock_plan_id=SIZING)


def needed(share):
    """The shelf of one item, by its strictest share alone."""
    one = replace(SHELVES, series=(series("X", (0,), (360.0,)),), promises=(StockPromise("X", share, ""),))
    return size_shelves(one).items[0].needed_pieces


def test_what_the_shelves_need_more_is_the_difference_of_two_sizings():
    told = asked(0.99)
    assert (told.items, told.items_more, told.items_in_other_money) == (3, 3, 1)
    more = {row.item: row for row in told.worst}
    assert set(more) == {"BOLTS", "NUTS", "BELTS"}, "nothing of what only others buy"
    assert more["BOLTS"].pieces_more == pytest.approx(needed(0.99) - needed(0.97)), "beyond the strictest of others"
    assert more["NUTS"].pieces_more == pytest.approx(needed(0.99) - needed(0.9))
    assert more["NUTS"].short_pieces is None
    assert more["BOLTS"].short_pieces_more == pytest.approx(
        max(needed(0.99) - 80.0, 0.0) - max(needed(0.97) - 80.0, 0.0)
    )
    assert told.pieces_more == pytest.approx(sum(row.pieces_more for row in told.worst))
    value = Decimal(repr(more["BOLTS"].pieces_more)) * 10 + Decimal(repr(more["NUTS"].pieces_more)) * 2
    assert float(told.value_more) == pytest.approx(float(value), abs=0.02)
    a_week = more["BOLTS"].pieces_more * 10 * 0.26 / 52
    assert float(more["BOLTS"].cost_per_week_more) == pytest.approx(a_week, abs=0.011), "both are rounded to cents"
    assert told.cost_per_week_more == more["BOLTS"].cost_per_week_more + more["NUTS"].cost_per_week_more > 0


def test_a_promise_that_others_have_already_asks_for_no_piece_but_takes_its_part():
    told = asked(0.97, every=False)
    assert [(row.item, row.pieces_more > 0) for row in told.worst] == [("BELTS", True)]
    assert told.own_pieces_more > told.worst[0].pieces_more, "it now carries a part of what the others' promise adds"
    looser = asked(0.8, every=False)
    assert looser.own_pieces_more < 0.0


def test_only_what_it_stands_in_the_place_of_changes():
    assert asked(0.99, every=False).items == 2
    assert asked(0.99, every=False, now="by mail").items == 1
    assert asked(0.99, every=False, now="") is None
    assert asked(0.99, account_number="NOBODY") is None
    answered = replace(term("T", minutes=1.0, share=0.99, account="ACME"), measure=Measure.ANSWER_WITHIN)
    given = {"now_sentence": NOW, "every_promise": True, "currency": "EUR", "stock_plan_id": SIZING}
    assert quote_stock(SHELVES, answered, **given) is None, "answering needs no shelf"


@pytest.fixture
def company(tmp_path, db, monkeypatch):
    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    return build(tmp_path)


@pytest.fixture
def stocked(company, alice, monkeypatch):
    monkeypatch.setattr(sizing, "get_stock_inputs", lambda *_, **__: (SHELVES, ()))
    sizing.size_stock("warehouse", by=alice, at=AT)
    return company


TERM = TermChange("ACME", 720.0, 0.99)


def quoted(by, wanted=TERM):
    return reads.get_quote(quote_term(wanted, operation="warehouse", by=by, at=AT), by=by, at=AT)


def test_a_quote_counts_what_the_stock_costs(stocked, alice, frank, monkeypatch):
    card = quoted(alice)
    assert card.stock.cost_per_week_more > 0
    hours = max(card.cost_more, card.serving_cost_more) / card.weeks_held
    assert card.price == pytest.approx(hours + card.stock.cost_per_week_more, abs=Decimal("0.01"))
    assert any("as sized on" in said for said in card.assumptions)
    (line,) = decisions.get_thread(card.thread_id, by=alice)
    assert recompute_quoted_line(line, by=frank).now_digest == card.result_digest
    fewer = replace(SHELVES, holding_share=0.5)
    monkeypatch.setattr(sizing, "get_stock_inputs", lambda *_, **__: (fewer, ()))
    sizing.size_stock("warehouse", by=alice, at=AT)
    assert recompute_quoted_line(line, by=frank).now_digest == card.result_digest, "from the sizing that it was made on"
    assert quoted(alice).result_digest != card.result_digest, "red twin: another sizing, another digest"


def test_without_stock_on_record_nothing_is_said_of_it(company, alice):
    card = quoted(alice)
    assert (StockPlan.objects.count(), card.stock) == (0, None)
    assert any("stock is not part of it" in said for said in card.assumptions)
    assert card.price == (max(card.cost_more, card.serving_cost_more) / card.weeks_held).quantize(Decimal("0.01"))


def test_who_looks_after_some_accounts_sees_their_own_part_only(stocked, bob, alice):
    card = quoted(bob)
    whole = reads.get_quote(card.quote_id, by=alice, at=AT).stock
    assert card.stock.own_pieces_more == whole.own_pieces_more > 0
    assert (card.stock.pieces_more, card.stock.value_more, card.stock.cost_per_week_more) == (None, None, None)
    assert (card.stock.worst, card.stock.short_pieces_more, card.price) == ((), None, None)
    assert whole.worst[0].value_more is not None


def test_on_page_api_and_command(stocked, client, capsys):
    sign_in(client, "alice")
    form = {"operation": "warehouse", "account": "ACME", "within": "12h", "target": "99%"}
    made = client.post("/quotes/make/", form)
    html = client.get(made["location"]).content.decode()
    assert "What it asks of the shelves" in html
    assert "BOLTS" in html
    sent = {"operation": "warehouse", "account_number": "ACME", "threshold_minutes": 720, "target_share": 0.99}
    told = client.post("/api/v1/quotes", sent, content_type="application/json").json()["stock"]
    assert {row["item"] for row in told["worst"]} == {"BOLTS", "NUTS", "BELTS"}
    words = ["capacity", "quote", "ACME", "--operation", "warehouse", "--within", "12h", "--target", "99%"]
    assert main(words) == 0
    assert "Stock, as sized on 2026-03-02" in capsys.readouterr().out
    sign_in(client, "bob")
    html = client.get(made["location"]).content.decode()
    assert "what all accounts together need on the shelf" in html
    assert "BOLTS" not in html
