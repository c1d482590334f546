"""Today's agenda: what there is to do, by what comes of leaving it, each with its reason and the way to do it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from tests.cast import sign_in

from closeknit.kernel.errors import Denied
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.agreements.contracts import ThreatenedAccount
from closeknit.web import agenda
from closeknit.web.agenda import AgendaItem, list_agenda
from closeknit.web.tests.scene import Scene, build

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def scene(accounts, alice) -> Scene:
    return build(accounts, alice)


def item(title: str, *, hours: float | None = None, **more) -> AgendaItem:
    due_at = None if hours is None else NOW + timedelta(hours=hours)
    return AgendaItem("promise", title, "", "", "/", due_at=due_at, **more)


def threatened(number: str, *, hours: float = 2, credits: int | None = 100, broken: int = 0) -> ThreatenedAccount:
    due_at = NOW + timedelta(hours=hours)
    promise = ("repair", "R1", "95% resolved within 4 hours", due_at, hours < 0)
    return ThreatenedAccount(number, "", "key", broken, 1, *promise, credits and Decimal(credits), "EUR")


def test_what_ends_soon_comes_first_then_size_of_money_tier_money_and_time():
    items = [
        item("no money, no time"),
        item("volume, 950", money=Decimal(950), tier="volume"),
        item("strategic, 900", money=Decimal(900), tier="strategic"),
        item("nobody's, 85,000", money=Decimal(85_000), hours=23),
        item("lost, 5", money=Decimal(5), hours=-90, is_lost=True),
        item("soon, 5", money=Decimal(5), hours=3),
        item("late, 50", money=Decimal(50), hours=-1),
    ]
    found = agenda._by_consequence(items, NOW)
    assert [items[place].title for place in found] == [
        "late, 50",
        "soon, 5",
        "nobody's, 85,000",
        "strategic, 900",
        "volume, 950",
        "lost, 5",
        "no money, no time",
    ]


def test_money_is_compared_within_one_currency_only():
    items = [
        item("yen, 800,000", money=Decimal(800_000), currency="JPY"),
        item("yen, 900,000", money=Decimal(900_000), currency="JPY"),
        item("yen, 2,000", money=Decimal(2_000), currency="JPY", tier="strategic"),
        item("euro, 5,000", money=Decimal(5_000), currency="EUR", hours=9),
        item("euro, 700", money=Decimal(700), currency="EUR", tier="strategic", hours=8),
        item("dollar, 1", money=Decimal(1), currency="USD", hours=9.5),
    ]
    found = [items[place].title for place in agenda._by_consequence(items, NOW)]
    assert found == ["euro, 5,000", "dollar, 1", "yen, 900,000", "yen, 800,000", "euro, 700", "yen, 2,000"]


def test_many_threatened_accounts_leave_room_for_the_rest(scene, carol, monkeypatch):
    found = [threatened(f"N{number}", credits=100 + number) for number in range(5)]
    found.append(threatened("LATE", hours=-50, credits=900, broken=2))
    monkeypatch.setattr(agreements, "list_threatened_accounts", lambda **_: found)
    promises = [one for one in list_agenda(by=carol, at=NOW) if one.kind == "promise"]
    assert [one.title for one in promises] == [
        "N4: 1 promise about to break",
        "N3: 1 promise about to break",
        "N2: 1 promise about to break",
        "3 more accounts: 2 promises broken, 3 about to be",
    ]
    assert (promises[-1].money, promises[-1].due_at) == (Decimal(1101), NOW + timedelta(hours=2))


def test_the_agenda_of_who_decides_has_the_plan_its_shortage_and_what_to_do(scene, carol):
    found = {one.kind: one for one in list_agenda(by=carol, at=datetime.now(UTC))}
    assert found["proposal"].todo == "Decide"
    assert found["proposal"].link == f"/proposals/{scene.proposal_id}/"
    assert "Policy leaves it to a person" in found["proposal"].because
    assert found["shortage"].title == "warehouse lacks 20 of 400 hours in its 2 weeks"
    assert found["shortage"].money == Decimal("4321.00")
    assert found["feed"].link == "/feeds/orders/"
    assert "1 week came otherwise than forecast" in found["forecast"].title


def test_who_reads_for_a_customer_has_no_agenda(scene, dave):
    with pytest.raises(Denied):
        list_agenda(by=dave, at=NOW)


def test_today_shows_the_agenda_with_reasons_and_buttons(client, scene, carol):
    sign_in(client, "carol")
    assert 'hx-get="/tiles/agenda/"' in client.get("/").content.decode()
    html = client.get("/tiles/agenda/").content.decode()
    assert "Plan of warehouse" in html
    assert f'href="/proposals/{scene.proposal_id}/" aria-label="Decide: Plan of warehouse"' in html


def test_a_calm_day_says_what_was_looked_at(client, alice):
    sign_in(client, "alice")
    html = client.get("/tiles/agenda/").content.decode()
    assert "Nothing needs you" in html
    assert 'href="/intimacy/"' in html
