"""Bends: within the policy of the place, decided as exceptions, shown on clocks, and no promise is changed by them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from tests.cast import enter, sign_in

from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.bend_promise import bend_promise
from closeknit.rooms.agreements.contracts import Clock, WantedBend
from closeknit.rooms.agreements.contracts.tolerances import BEND_BY, BEND_SHARE, WHO_DECIDES
from closeknit.rooms.agreements.models import BendRow
from closeknit.rooms.agreements.tests.deals import CLAUSE, TODAY, signed, wanted
from closeknit.rooms.agreements.tests.repairs import load_repairs
from closeknit.rooms.agreements.tests.test_work_clocks import DAY, at, move_back
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal, reject_proposal
from closeknit.rooms.decisions.actions.review_exception import review_exception
from closeknit.rooms.decisions.contracts import ExceptionState, ReviewVerdict
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.contracts.settings import SettingLevel

ASKED = datetime(2025, 6, 3, 6, tzinfo=UTC)
WANTED = WantedBend(
    account_number="ACME",
    term_number="N-1",
    stretch_share=0.25,
    request="order 4711",
    worth=Decimal("49000.00"),
    currency="EUR",
    reason="They pay for the night.",
    starts_on=date(2025, 6, 3),
    until_on=date(2025, 6, 4),
)


@pytest.fixture
def repairs(tmp_path, accounts, alice):
    """Repairs of ACME under four hours by the clock: one that took four and a half, one that took six."""
    signed(wanted(clauses=(replace(CLAUSE, clock=Clock.CALENDAR),)))
    move_back(TODAY + timedelta(days=7 + 30))
    load_repairs(
        tmp_path,
        alice,
        "R1,2025-06-03T10:00:00,ACME,P2,2025-06-03T14:30:00",
        "R2,2025-06-03T10:00:00,ACME,P2,2025-06-03T16:00:00",
        "R3,2025-06-03T10:00:00,ACME,P2,",
    )


def asked(by, **other):
    return bend_promise(replace(WANTED, **other), by=by, at=ASKED)


def granted(by, **other):
    exception_id = asked(by, **other)
    card = decisions.get_exception(exception_id, by=by, at=ASKED)
    if card.state is ExceptionState.REQUESTED:
        approve_proposal(card.proposal_id, reason="Yes.", by=enter("hana"), at=ASKED)
    return exception_id


def test_nothing_bends_before_it_is_granted_and_then_only_on_its_days(repairs, alice):
    exception_id = asked(alice)
    assert clock(alice, 12).tolerated_minutes is None
    card = decisions.get_exception(exception_id, by=alice, at=ASKED)
    approve_proposal(card.proposal_id, reason="Yes.", by=enter("hana"), at=ASKED)
    assert clock(alice, 12).tolerated_minutes == 300.0
    assert clock(alice, 12).allowed_minutes == 240.0
    assert clock(alice, 12 + 3 * 24).tolerated_minutes is None


def clock(by, hour):
    return next(card for card in reads.list_clocks(by=by, at=at(hour)) if card.work_key == "R3")


def test_the_customers_promise_stays_and_the_evidence_says_what_was_tolerated(repairs, alice):
    before = pack(alice)
    granted(alice)
    after = pack(alice)
    assert [o.credits for o in after.obligations] == [o.credits for o in before.obligations]
    assert [(c.work_key, c.is_kept, c.is_tolerated) for c in after.clocks if c.ended_at] == [
        ("R1", False, True),
        ("R2", False, False),
    ]
    assert [(bend.request, bend.granted_by) for bend in after.bends] == [("order 4711", "Hana Executive")]
    assert "bend.asked" in {line.kind for line in after.lines}


def pack(by):
    now = datetime.now(UTC) + timedelta(days=1)
    return reads.get_adherence("ACME", from_on=date(2025, 6, 1), until_on=date(2025, 7, 1), by=by, at=now)


def test_what_was_ended_early_bends_nothing_from_the_next_day_on(repairs, alice):
    exception_id = granted(alice, until_on=date(2025, 6, 9))
    ends = DAY + timedelta(days=1)
    review_exception(exception_id, verdict=ReviewVerdict.END, reason="Done.", by=enter("hana"), at=ends)
    card = reads.list_bends(by=alice, at=ends)[0]
    assert card.state is ExceptionState.ENDED
    assert card.holds_on(date(2025, 6, 4))
    assert not card.holds_on(date(2025, 6, 5))


def test_what_was_refused_bends_nothing(repairs, alice):
    exception_id = asked(alice)
    card = decisions.get_exception(exception_id, by=alice, at=ASKED)
    reject_proposal(card.proposal_id, reason="No.", by=enter("hana"), at=ASKED)
    assert clock(alice, 12).tolerated_minutes is None
    assert not pack(alice).bends


@pytest.mark.parametrize(
    ("other", "where"),
    [
        ({"stretch_share": 0.26}, "stretch_share"),
        ({"stretch_share": 0.0}, "stretch_share"),
        ({"stretch_share": float("nan")}, "stretch_share"),
        ({"worth": Decimal("9999.99")}, "worth"),
        ({"worth": Decimal("NaN")}, "worth"),
        ({"until_on": date(2025, 6, 10)}, "until_on"),
        ({"until_on": date(2025, 6, 2)}, "until_on"),
        ({"currency": "USD"}, "currency"),
        ({"request": " "}, "request"),
        ({"reason": " "}, "reason"),
    ],
)
def test_more_than_the_policy_allows_is_refused(repairs, alice, other, where):
    with pytest.raises(Invalid) as refused:
        asked(alice, **other)
    assert refused.value.where == where
    assert not BendRow.objects.exists()


def test_the_policy_is_that_of_the_account_and_says_who_may_ask(repairs, alice, carol, erin):
    now = datetime.now(UTC)
    for setting, value in ((BEND_SHARE, "0.1"), (BEND_BY, WHO_DECIDES)):
        set_setting(
            setting.key,
            level=SettingLevel.ACCOUNT,
            place="ACME",
            value=setting.read(value),
            reason="Strict.",
            by=erin,
            at=now,
        )
    later = now + timedelta(seconds=5)
    policy = reads.get_bend_policy("ACME", by=alice, at=later)
    assert (policy.most_share, policy.asked_by) == (0.1, WHO_DECIDES)
    assert reads.get_bend_policy("BOLT", by=alice, at=later).most_share == 0.25
    today = {"starts_on": now.date(), "until_on": now.date(), "stretch_share": 0.1}
    with pytest.raises(Denied):
        bend_promise(replace(WANTED, **today), by=alice, at=later)
    assert bend_promise(replace(WANTED, **today), by=carol, at=later)


def test_it_is_seen_with_its_account(repairs, alice, bob):
    granted(alice)
    assert [card.term_number for card in reads.list_bends(by=bob, at=ASKED)] == ["N-1"]
    with pytest.raises(NotFound):
        asked(bob, account_number="BOLT")
    with pytest.raises(NotFound):
        asked(alice, term_number="none")
    for name in ("gina", "dave"):
        with pytest.raises(Denied):
            asked(enter(name))
        with pytest.raises(Denied):
            reads.list_bends(by=enter(name), at=ASKED)


def test_the_page_takes_it_and_says_what_it_refuses(repairs, client, alice):
    sign_in(client, "alice")
    today = datetime.now(UTC).date().isoformat()
    body = {
        "account_number": "ACME",
        "term_number": "N-1",
        "request": "order 4711",
        "worth": "50000",
        "currency": "EUR",
        "reason": "So.",
        "starts_on": today,
        "until_on": today,
    }
    refused = client.post("/contracts/tolerances/ask/", {**body, "stretch_percent": "90"})
    assert refused.status_code == 422
    assert b"bend by at most 25.0% of their time" in refused.content
    assert client.post("/contracts/tolerances/ask/", {**body, "stretch_percent": "20"}).status_code == 302
    assert b"order 4711" in client.get("/contracts/tolerances/").content
