"""Buffers on the page, by the API and on the command line: the same numbers, and nobody else's."""

import json

import pytest
from tests.cast import sign_in
from tests.small_company import AT, FOREIGN, FOREIGN_SMALL, build

from closeknit.kernel.errors import NotFound
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions import size_stock as sizing
from closeknit.rooms.capacity.compute.stock import StockInputs, StockPromise, StockSeries, StockSite, size_shelves
from closeknit.rooms.capacity.contracts.buffers import BUFFER_MOST_SHARE, BufferKind
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.web import boot
from closeknit.web.cli import main

SHELVES = StockInputs(
    "warehouse",
    AT.date(),
    0.26,
    (StockSite("Hall", 14, 7),),
    (StockPromise("ACME", 0.98, "98 % on the shelf"), StockPromise(FOREIGN, 0.9, "90 % on the shelf")),
    (StockSeries("BOLTS", "Hall", (30.0, 20.0, 40.0) * 4, (0, 1), (240.0, 120.0), 80.0, 10.0, "EUR"),),
)


@pytest.fixture
def company(tmp_path, db, monkeypatch):
    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    return build(tmp_path)


@pytest.fixture
def stocked(company, alice, monkeypatch):
    monkeypatch.setattr(sizing, "get_stock_inputs", lambda *_, **__: (SHELVES, ()))
    sizing.size_stock("warehouse", by=alice, at=AT)
    return company


def test_the_book_adds_up_to_the_plan(company, alice):
    book = reads.get_buffers(operation="warehouse", by=alice, at=AT)
    assert book.plan_id == company.plan_id
    (pool,) = book.pools
    weeks = reads.list_pool_weeks(company.plan_id, by=alice)
    assert pool.need_hours == pytest.approx(sum(week.need_hours for week in weeks) / book.weeks)
    assert {part.account_number for part in book.parts} == {"ACME", FOREIGN, ""}
    for part in book.parts:
        claims = reads.list_claims(company.plan_id, by=alice)
        own = sum(c.need_hours for c in claims if (c.account_number, c.tier) == (part.account_number, part.tier))
        assert part.expected_units + part.buffer_units == pytest.approx(own / book.weeks)
        assert part.bends_by_share == 0.25
    assert sum(part.buffer_units for part in book.parts) == pytest.approx(pool.buffer_hours)
    assert float(book.hours_cost_per_week) == pytest.approx(float(pool.cost_per_week), abs=0.03)


def test_the_target_is_a_setting_by_place(company, alice, carol):
    before = reads.get_buffers(operation="warehouse", by=alice, at=AT).pools[0]
    assert before.target_share == 0.25
    set_setting(BUFFER_MOST_SHARE.key, 0, level="site", place="Hall", reason="No slack.", by=carol, at=AT)
    after = reads.get_buffers(operation="warehouse", by=alice, at=AT).pools[0]
    assert (after.target_share, after.is_above) == (0.0, after.buffer_share > 0.0)
    assert after.buffer_hours == before.buffer_hours


def test_who_looks_after_some_accounts_sees_theirs_and_no_pool(stocked, bob, alice):
    book = reads.get_buffers(operation="warehouse", by=bob, at=AT)
    assert {part.account_number for part in book.parts} == {"ACME"}
    assert {part.kind for part in book.parts} == {BufferKind.DUE_DATES, BufferKind.STOCK}
    assert book.pools == ()
    assert not book.is_every_account
    assert book.hours_cost_per_week is None
    assert all(part.cost_per_week is None for part in book.parts)
    every = reads.get_buffers(operation="warehouse", by=alice, at=AT)
    assert {part.account_number for part in every.parts} > {"ACME"}
    assert all(part.cost_per_week is not None for part in every.parts)
    with pytest.raises(NotFound):
        reads.account_buffers(FOREIGN, by=bob, at=AT)


def test_one_account_has_all_of_its_buffers_on_one_card(stocked, alice):
    card = reads.account_buffers("ACME", by=alice, at=AT)
    assert [part.kind for part in card.parts] == [BufferKind.DUE_DATES, BufferKind.STOCK]
    assert card.cost_per_week == sum(part.cost_per_week for part in card.parts)
    assert not card.with_tier
    hours, pieces = card.parts
    in_book = next(p for p in reads.get_buffers(operation="warehouse", by=alice, at=AT).parts if p == hours)
    assert in_book.cost_per_week == hours.cost_per_week
    told = next(part for part in size_shelves(SHELVES).accounts if part.account_number == "ACME")
    assert pieces.buffer_units == told.buffer_pieces
    assert 0 < pieces.cost_per_week < told.cost_per_week, "pieces that the cycle itself takes are no buffer"


def test_an_account_that_is_planned_with_its_tier_has_its_part(company, alice):
    card = reads.account_buffers(FOREIGN_SMALL, by=alice, at=AT)
    assert card.with_tier
    rest = next(p for p in reads.get_buffers(operation="warehouse", by=alice, at=AT).parts if not p.account_number)
    assert card.parts[0].buffer_units == pytest.approx(rest.buffer_units), "it is all that there is of its tier"
    assert card.parts[0].account_number == FOREIGN_SMALL


def test_the_same_by_every_entrance(client, stocked, alice, capsys):
    book = reads.get_buffers(operation="warehouse", by=alice, at=AT)
    sign_in(client, "alice")
    told = client.get("/api/v1/buffers?operation=warehouse").json()
    assert told["pools"][0]["buffer_hours"] == pytest.approx(book.pools[0].buffer_hours)
    html = client.get("/buffers/").content.decode()
    assert book.pools[0].sentence.split(":")[0] in html
    assert "Hours kept ready cost a week" in html
    exported = b"".join(client.get("/buffers/?format=csv").streaming_content).decode()
    assert exported.count("\n") == len(book.parts) + 1
    assert main(["capacity", "buffers", "warehouse", "--json", "--as", "alice"]) == 0
    shown = json.loads(capsys.readouterr().out)["buffers"]
    assert len(shown["parts"]) == len(told["parts"])
    assert main(["capacity", "buffers", "--account", "ACME", "--as", "alice"]) == 0
    assert "due dates" in capsys.readouterr().out
    tile = client.get("/tiles/account-buffers/?account=ACME").content.decode()
    assert "pieces" in tile
    card = client.get("/api/v1/buffers/account?account_number=ACME").json()
    assert [part["kind"] for part in card["parts"]] == ["due dates", "stock"]
    sign_in(client, "bob")
    assert "not yours" not in client.get("/buffers/").content.decode()
    assert FOREIGN not in client.get("/buffers/").content.decode()
    assert client.get("/buffers/?plan=nonsense").status_code == 422
