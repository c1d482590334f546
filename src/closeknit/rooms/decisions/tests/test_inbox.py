"""The inbox: everything that waits for one person, and nothing that waits for others, by consequence."""

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.cast import enter, sign_in

from closeknit.kernel import clock
from closeknit.kernel.errors import Denied
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.compute.ranking import rank
from closeknit.rooms.decisions.contracts import InboxItem, InboxKind
from closeknit.rooms.decisions.models import ExceptionRow
from closeknit.rooms.decisions.tests.proposing import lend, propose, propose_demotion

NOW = clock.now()
DAY = timedelta(days=1)


def item(name, *, tier="none", money=None, due=None, currency="EUR"):
    return InboxItem(InboxKind.PROPOSAL, name, name, "", "/", None, "", tier, money, currency, due)


def test_late_things_come_first_then_tier_then_money_then_time():
    items = [
        item("volume", tier="volume", money=Decimal(9), due=NOW + DAY),
        item("no limit"),
        item("key, dear", tier="key", money=Decimal(5), due=NOW + 2 * DAY),
        item("key, cheap, soon to end", tier="key", money=Decimal(1), due=NOW + DAY),
        item("key, cheap", tier="key", money=Decimal(1), due=NOW + 2 * DAY),
        item("strategic", tier="strategic", due=NOW + DAY),
        item("late", due=NOW - DAY),
        item("soon, key", tier="key", due=NOW + timedelta(hours=3)),
    ]
    assert [i.item_id for i in rank(reversed(items), NOW)] == [
        "soon, key",
        "late",
        "strategic",
        "key, dear",
        "key, cheap, soon to end",
        "key, cheap",
        "volume",
        "no limit",
    ]


def test_money_is_compared_within_one_currency_only():
    items = [
        item("yen, 900000", money=Decimal(900_000), currency="JPY", due=NOW + 3 * DAY),
        item("yen, 800000", money=Decimal(800_000), currency="JPY", due=NOW + DAY),
        item("euro, 50", money=Decimal(50), due=NOW + 2 * DAY),
        item("euro, 10", money=Decimal(10), due=NOW + 2 * DAY),
        item("unknown", due=NOW + DAY),
    ]
    ranked = [i.item_id for i in rank(items, NOW)]
    assert ranked == ["euro, 50", "yen, 900000", "yen, 800000", "euro, 10", "unknown"]


def test_each_sees_what_waits_for_them(acme, alice, bob, carol, hana):
    plan = propose(alice, coverage_share=0.5)
    dear = propose(alice, subject="plan:2", cost=Decimal(6_000_000))
    demotion = propose_demotion(bob)

    def waiting(who):
        items = reads.get_inbox(by=enter(who), at=clock.now(), kind=InboxKind.PROPOSAL).items
        return [i.item_id for i in items]

    assert waiting("carol") == [str(demotion), str(plan)]
    assert waiting("hana") == [str(demotion), str(dear), str(plan)]
    assert waiting("alice") == waiting("bob") == waiting("frank") == []
    lend(carol, enter("frank"))
    assert waiting("frank") == [str(demotion), str(plan)]
    inbox = reads.get_inbox(by=enter("carol"), at=clock.now())
    assert inbox.counts["proposal"] == 2
    # The escalation of a proposal that is listed is not listed beside it.
    listed = {i.thread_id for i in inbox.items if i.kind is InboxKind.PROPOSAL}
    assert not [i for i in inbox.items if i.kind is InboxKind.ESCALATION and i.thread_id in listed]


def test_who_holds_nothing_has_no_inbox(dave, gina):
    for person in (dave, gina):
        with pytest.raises(Denied):
            reads.get_inbox(by=person, at=NOW)


def test_a_manager_starts_the_day_on_the_inbox_page(client, acme, alice, bob, carol):
    plan, demotion = propose(alice, coverage_share=0.5), propose_demotion(bob)
    sign_in(client, "carol")
    html = client.get("/inbox/").content.decode()
    assert html.index(str(demotion)) < html.index(str(plan))
    assert str(plan) not in client.get("/inbox/?kind=duty").content.decode()
    page = client.get(f"/proposals/{demotion}/").content.decode()
    for words in ("Before and after", "Two different people must approve.", "Carol Lead", "Approve"):
        assert words in page
    assert client.post(f"/proposals/{demotion}/decide/", {"answer": "approve"}).status_code == 302
    page = client.get(f"/proposals/{demotion}/").content.decode()
    assert "Carol Lead approved" in page
    assert "You have answered already" in page
    sign_in(client, "bob")
    assert "Withdraw" in client.get(f"/proposals/{demotion}/").content.decode()
    assert client.get(f"/proposals/{plan}/").status_code == 404


def test_an_exception_is_asked_for_granted_and_ended_on_its_pages(client, acme, bob, carol):
    sign_in(client, "bob")
    today = clock.now().date()
    form = {
        "account_number": "ACME",
        "deviates_from": "term T-1",
        "allowed": "Two days.",
        "reason": "=cmd|strike",
        "starts_on": today.isoformat(),
        "until_on": (today + 5 * DAY).isoformat(),
    }
    assert client.post("/exceptions/request/", {**form, "until_on": "soon"}).status_code == 422
    there = client.post("/exceptions/request/", form)["Location"]
    assert "requested" in client.get(there).content.decode()
    sign_in(client, "carol")
    proposal_id = ExceptionRow.objects.get().proposal_id
    assert client.post(f"/proposals/{proposal_id}/decide/", {"answer": "approve"}).status_code == 302
    assert "Carol Lead" in client.get(there).content.decode()
    exported = b"".join(client.get("/exceptions/?format=csv&state=active").streaming_content).decode()
    assert "'=cmd|strike" in exported
    assert client.post(f"{there}review/", {"verdict": "end", "reason": "Over."}).status_code == 302
    assert "ended" in client.get(there).content.decode()
    assert "No exception matches" in client.get("/exceptions/?state=active").content.decode()
