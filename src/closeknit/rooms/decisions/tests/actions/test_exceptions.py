"""The exceptions register: asked for with a reason and an end, granted by rule or people, reviewed, noted when over."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.cast import enter

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.decisions import jobs, reads
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal, reject_proposal
from closeknit.rooms.decisions.actions.request_exception import WantedException, request_exception
from closeknit.rooms.decisions.actions.review_exception import review_exception
from closeknit.rooms.decisions.contracts import ExceptionState, ReviewVerdict
from closeknit.rooms.decisions.models import ExceptionRow, LedgerEntry, Notice

NOW = clock.now()
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
WANTED = WantedException(
    deviates_from="term T-ACME",
    allowed="Two days instead of one.",
    reason="Their dock is rebuilt.",
    starts_on=TODAY,
    until_on=TODAY + timedelta(days=10),
    review_on=TODAY + timedelta(days=5),
    account_number="ACME",
)


def ask(by, **changes):
    return request_exception(replace(WANTED, **changes), by=by, at=NOW)


def get(exception_id, by, days=0):
    return reads.get_exception(exception_id, by=by, at=NOW + timedelta(days=days))


def grant(exception_id, name="carol"):
    approve_proposal(ExceptionRow.objects.get(pk=exception_id).proposal_id, by=enter(name), at=NOW)


def test_a_short_cheap_one_of_a_small_account_is_granted_by_rule(crumb, carol):
    card = get(ask(carol, account_number="CRUMB"), carol)
    assert (card.state, card.granted_by) == (ExceptionState.ACTIVE, "Policy approvals/1")
    assert not card.is_review_due


def test_one_of_a_top_tier_waits_and_lives_through_its_days(acme, bob, carol):
    asked = ask(bob)
    card = get(asked, bob)
    assert (card.state, card.owner, card.granted_by) == (ExceptionState.REQUESTED, "Bob Seller", "")
    grant(asked)
    states = {days: (get(asked, bob, days).state, get(asked, bob, days).is_review_due) for days in (0, 4, 5, 10, 11)}
    assert states == {
        0: (ExceptionState.ACTIVE, False),
        4: (ExceptionState.ACTIVE, False),
        5: (ExceptionState.ACTIVE, True),
        10: (ExceptionState.ACTIVE, True),
        11: (ExceptionState.EXPIRED, True),
    }
    assert get(asked, bob).granted_by == "Carol Lead"


@pytest.mark.parametrize("days", [0, 4, 5, 11])
def test_the_lists_by_state_agree_with_the_single_card(acme, bolt, crumb, bob, carol, days):
    granted, waiting, refused = ask(bob), ask(bob, allowed="Three."), ask(bob, allowed="Four.")
    later = ask(carol, account_number="CRUMB", starts_on=TODAY + timedelta(days=2))
    grant(granted)
    reject_proposal(ExceptionRow.objects.get(pk=refused).proposal_id, reason="No.", by=carol, at=NOW)
    at = NOW + timedelta(days=days)
    cards = {card.exception_id: card for card in reads.list_exceptions(by=carol, at=at)}
    assert set(cards) == {granted, waiting, refused, later}
    counts = reads.count_exceptions(by=carol, at=at)
    for state in ExceptionState:
        listed = {c.exception_id for c in reads.list_exceptions(by=carol, at=at, state=state)}
        assert listed == {number for number, card in cards.items() if card.state is state}
        assert counts[state] == len(listed)
    due = {c.exception_id for c in reads.list_exceptions(by=carol, at=at, due_only=True)}
    assert due == {number for number, card in cards.items() if card.is_review_due}
    assert counts["due"] == len(due)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"reason": "  "}, "reason"),
        ({"allowed": ""}, "allowed"),
        (
            {"until_on": TODAY - timedelta(days=1), "review_on": None, "starts_on": TODAY - timedelta(days=9)},
            "until_on",
        ),
        ({"until_on": TODAY + timedelta(days=366), "review_on": None}, "until_on"),
        ({"review_on": TODAY + timedelta(days=11)}, "review_on"),
        ({"starts_on": TODAY + timedelta(days=11)}, "review_on"),
        ({"place": "north"}, "account_number"),
        ({"account_number": ""}, "account_number"),
        ({"money_at_stake": Decimal(5)}, "currency"),
    ],
)
def test_what_has_no_reason_or_end_is_refused(acme, bob, changes, where):
    with pytest.raises(Invalid) as refused:
        ask(bob, **changes)
    assert refused.value.where == where
    assert not ExceptionRow.objects.exists()


def test_an_owner_must_be_able_to_see_the_account(acme, bolt, bob, carol):
    assert get(ask(carol, owner_key="bob"), carol).owner == "Bob Seller"
    for owner in ("bob", "dave", "nobody"):
        with pytest.raises(NotFound):
            ask(carol, account_number="BOLT", owner_key=owner, allowed=f"For {owner}.")
    with pytest.raises(NotFound):
        ask(bob, account_number="BOLT")


def test_what_expires_is_said_once_and_told_to_its_owner(acme, bob, carol):
    asked = ask(bob)
    grant(asked)
    ExceptionRow.objects.filter(pk=asked).update(
        starts_on=TODAY - timedelta(days=9), review_on=TODAY - timedelta(days=5), until_on=TODAY - timedelta(days=1)
    )
    jobs.let_time_run_out()
    jobs.let_time_run_out()
    assert LedgerEntry.objects.filter(kind="exception.expired").count() == 1
    assert list(Notice.objects.filter(cause=f"exception:{asked}").values_list("person_key", flat=True)) == [bob.key]
    assert [c.exception_id for c in reads.list_exceptions_to_review(by=bob, at=NOW)] == [asked]
    assert [i.item_id for i in reads.get_inbox(by=bob, at=NOW).items if i.kind == "exception"] == [str(asked)]


def test_a_review_keeps_ends_or_extends(acme, bob, carol):
    kept = ask(bob)
    grant(kept)
    at = NOW + timedelta(days=6)
    next_on = TODAY + timedelta(days=9)
    review_exception(kept, verdict=ReviewVerdict.KEEP, reason="Still rebuilt.", review_on=next_on, by=bob, at=at)
    assert not reads.get_exception(kept, by=bob, at=at).is_review_due
    assert reads.get_exception(kept, by=bob, at=NOW + timedelta(days=9)).is_review_due
    later = TODAY + timedelta(days=20)
    with pytest.raises(Invalid):
        review_exception(kept, verdict=ReviewVerdict.EXTEND, reason="More.", by=bob, at=at)
    longer = review_exception(kept, verdict=ReviewVerdict.EXTEND, reason="More.", until_on=later, by=bob, at=at)
    card = reads.get_exception(longer, by=bob, at=at)
    assert (card.extends_id, card.state, card.starts_on) == (kept, ExceptionState.REQUESTED, TODAY + timedelta(days=11))
    assert [v.holds for v in reads.get_proposal(card.proposal_id, by=carol).verdicts] == [True, False, True]
    review_exception(kept, verdict=ReviewVerdict.END, reason="Done.", by=carol, at=at)
    with pytest.raises(Conflict, match="ended"):
        review_exception(kept, verdict=ReviewVerdict.END, reason="Again.", by=bob, at=at)


def test_only_the_owner_or_who_decides_reviews(acme, bob, alice, carol):
    asked = ask(bob)
    with pytest.raises(Conflict, match="requested"):
        review_exception(asked, verdict=ReviewVerdict.END, reason="So.", by=bob, at=NOW)
    grant(asked)
    with pytest.raises(Denied, match="its owner"):
        review_exception(asked, verdict=ReviewVerdict.END, reason="So.", by=alice, at=NOW)
    with pytest.raises(Invalid):
        review_exception(asked, verdict=ReviewVerdict.END, reason=" ", by=bob, at=NOW)


def test_exceptions_of_other_accounts_do_not_show(acme, bolt, bob, carol, dave):
    hidden = ask(carol, account_number="BOLT")
    assert reads.list_exceptions(by=bob, at=NOW) == []
    assert sum(reads.count_exceptions(by=bob, at=NOW).values()) == 0
    with pytest.raises(NotFound):
        get(hidden, bob)
    with pytest.raises(NotFound):
        review_exception(hidden, verdict=ReviewVerdict.END, reason="So.", by=bob, at=NOW)
    with pytest.raises(Denied):
        reads.list_exceptions(by=dave, at=NOW)
