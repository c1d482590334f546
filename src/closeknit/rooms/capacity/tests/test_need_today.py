"""The rest of today by pool: what comes now sizes it, by the plan's promises and rosters."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.cast import enter
from tests.small_company import draft, load

from closeknit.engine.queueing import required_agents
from closeknit.kernel import ids
from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.capacity import compute, reads
from closeknit.rooms.capacity.compute.today import need_today
from closeknit.rooms.capacity.models import Plan
from closeknit.rooms.demand.contracts import IntradayCard, IntradaySlot
from closeknit.rooms.org.reads import system_actor

NOW = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)  # a quarter past ten in Berlin


def come(units: int) -> None:
    from closeknit.rooms.demand.actions.refresh_intraday import refresh_intraday
    from closeknit.rooms.sensing.actions.ingest_lines import ingest_lines

    row = {"order": "t1", "at": "2026-03-02T10:15:00", "account": "ACME", "lines": units, "amount": "1.00"}
    ingest_lines("small-company", "orders", [json.dumps(row).encode()], by=enter("alice"), at=NOW)
    refresh_intraday("warehouse", thread_id=ids.new_id(), by=system_actor(), at=NOW)


@pytest.fixture
def company(db, tmp_path):
    load(tmp_path)
    return draft()


def test_work_by_a_deadline_needs_its_hours(company):
    come(300)
    need = reads.get_need_today("warehouse", by=enter("alice"), at=NOW)
    (pool,) = need.pools
    assert need.plan_id == company.plan_id
    assert pool.need_hours == pytest.approx(pool.units * 6 / 60, rel=1e-6)
    assert pool.need_hours > pool.forecast_hours
    assert pool.need_low_hours < pool.need_hours < pool.need_high_hours
    # One picker until four o'clock, five and three quarter hours, of which a tenth is lost.
    assert pool.present_hours == pytest.approx(5.75 * 0.9)
    assert pool.short_hours == pytest.approx(max(pool.need_hours - pool.present_hours, 0.0))


def test_a_queue_is_sized_half_hour_by_half_hour(company):
    inputs = compute.inputs_of(bytes(Plan.objects.get(pk=company.plan_id).snapshot))
    pool = replace(inputs.pools[0], staffing="interval", handle_minutes=5.0)
    terms = tuple(replace(term, threshold_minutes=1.0, target_share=0.9) for term in inputs.terms)
    slots = tuple(IntradaySlot(f"{s // 2:02d}:{s % 2 * 30:02d}", 30.0, None, 30.0) for s in range(48))
    card = IntradayCard("picking", "", 0.0, 0.0, 1440.0, 1.2, 0.5, 1000.0, 800.0, 1200.0, 1000.0, 800.0, 1200.0, slots)
    (found,) = need_today(replace(inputs, pools=(pool,), terms=terms), (card,), date(2026, 3, 2), 615, "Europe/Berlin")
    agents = int(required_agents(72.0, 5.0, 1.0, 0.9).agents)
    assert [slot.need_people for slot in found.slots] == [agents] * 28
    assert found.slots[0].local_start == "10:00"
    # Half of the half-hour that has begun is over.
    assert found.need_hours == pytest.approx(agents * (27 + 0.5) / 2)
    assert found.slots[0].present_people == pytest.approx(0.9)
    assert found.short_hours > 0.0


def test_nothing_is_said_without_work_of_today_or_to_who_sees_a_part(company):
    with pytest.raises(NotFound, match="today"):
        reads.get_need_today("warehouse", by=enter("alice"), at=NOW)
    come(100)
    assert reads.find_need_today("warehouse", by=enter("bob"), at=NOW) is None
    with pytest.raises(Denied):
        reads.find_need_today("warehouse", by=enter("dave"), at=NOW)


def test_the_tile_shows_it(company, client, monkeypatch):
    from tests.cast import sign_in

    from closeknit.kernel import clock

    come(300)
    sign_in(client, "alice")
    assert "Rostered" not in client.get("/tiles/need-today/?operation=warehouse").content.decode()
    monkeypatch.setattr(clock, "now", lambda: NOW)
    html = client.get("/tiles/need-today/?operation=warehouse").content.decode()
    assert "Pickers" in html
    assert "h short" in html
    assert client.get("/api/v1/need-today?operation=warehouse").json()["pools"][0]["pool"] == "pickers"
