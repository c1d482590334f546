"""What came of an insight: said by others than its author, after its days, and kept for the author's record."""

from datetime import timedelta

import pytest

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.expire_insights import expire_insights
from closeknit.rooms.customers.actions.withdraw_insight import withdraw_insight
from closeknit.rooms.customers.contracts import InsightDirection, InsightState
from closeknit.rooms.customers.tests.knowing import NOW, TODAY, WANTED, know, record_of_a_bold_author, settle
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org.reads import system_actor


def test_the_outcome_is_kept_once(acme, bob, carol):
    insight_id = know(bob)
    settle(insight_id, by=carol, share=1.0, size=0.2)
    settle(insight_id, by=carol, share=1.0, size=0.2)
    card = reads.get_insight(insight_id, by=bob, at=NOW)
    assert (card.state, card.happened_share, card.actual_size) == (InsightState.SETTLED, 1.0, 0.2)
    settled = [line for line in decisions.get_thread(card.thread_id, by=bob) if line.kind == "insight.settled"]
    assert [line.sentence for line in settled] == [
        "What was expected of ACME happened to 100 %, by 0.2 where 0.3 was said. Counted."
    ]
    with pytest.raises(Conflict, match="settled"):
        settle(insight_id, by=carol, share=0.0)


def test_its_author_does_not_judge_it_nor_anyone_too_early(acme, bob, carol):
    insight_id = know(bob)
    with pytest.raises(Denied, match="author"):
        settle(insight_id, by=bob, share=1.0)
    with pytest.raises(Conflict, match="not over"):
        settle(insight_id, by=carol, share=1.0, days=20)
    for share, size in ((1.2, None), (float("nan"), None), (1.0, float("inf"))):
        with pytest.raises(Invalid):
            settle(insight_id, by=carol, share=share, size=size)
    withdraw_insight(insight_id, reason="So.", by=bob, at=NOW)
    with pytest.raises(Conflict, match="withdrawn"):
        settle(insight_id, by=carol, share=0.0)


def test_only_who_may_about_that_account(acme, bolt, bob, carol, frank):
    insight_id = know(carol, account_number="BOLT")
    with pytest.raises(NotFound):
        settle(insight_id, by=bob, share=1.0)
    with pytest.raises(Denied):
        settle(insight_id, by=frank, share=1.0)


def test_what_expired_after_it_began_is_settled_all_the_same(acme, bob, carol):
    used = know(bob, expires_on=WANTED.from_on + timedelta(days=2))
    unused = know(bob, size=0.5, expires_on=WANTED.from_on)
    late = NOW + timedelta(days=40)
    assert expire_insights(by=system_actor(), at=late) == 2
    assert expire_insights(by=system_actor(), at=late) == 0
    found = reads.list_insights_to_settle(late.date(), by=system_actor(), at=late)
    assert [card.insight_id for card in found] == [used]
    settle(used, by=carol, share=0.0)
    assert reads.get_insight(unused, by=bob, at=late).state is InsightState.EXPIRED
    kinds = [line.kind for line in decisions.get_thread(reads.get_insight(used, by=bob, at=late).thread_id, by=bob)]
    assert kinds == ["insight.recorded", "insight.expired", "insight.settled"]


def test_the_record_weighs_what_is_said_next(acme, bob, alice, carol):
    record_of_a_bold_author(bob, carol)
    days = {"from_on": TODAY + timedelta(days=40), "to_on": TODAY + timedelta(days=60)}
    for author in (bob, alice):
        know(author, probability=0.9, size=0.4, direction=InsightDirection.DOWN, **days)
    found = reads.list_insights_in_force(*days.values(), by=carol, at=NOW + timedelta(days=31))
    weighed = {each.card.author: each for each in found}
    assert weighed["Alice Planner"].calibrated_probability == 0.9
    assert weighed["Alice Planner"].calibrated_size == -0.4
    assert weighed["Bob Seller"].settled_before == 6
    assert weighed["Bob Seller"].calibrated_probability == pytest.approx((6 * 0.9 + 1) / 12)
    assert weighed["Bob Seller"].calibrated_size == pytest.approx(-0.4 * (6 + 0.5) / 7)
    before = reads.list_insights_in_force(*days.values(), by=carol, at=NOW)
    assert {each.settled_before for each in before} == {0}


def test_the_record_of_an_author(acme, bob, carol):
    record_of_a_bold_author(bob, carol)
    know(bob)
    record = reads.get_author_record(bob.key, by=carol, at=NOW)
    assert (record.settled, record.standing, record.mean_stated_share) == (6, 1, pytest.approx(0.9))
    assert record.mean_happened_share == pytest.approx(1 / 6)
    assert record.size_ratio == pytest.approx((6 + 0.5) / 7)
    assert record.brier_score == pytest.approx((5 * 0.81 + 0.01) / 6)
    assert [(b.count, b.stated_share) for b in record.bins] == [(6, pytest.approx(0.9))]
    assert [r.author for r in reads.list_author_records(by=carol, at=NOW)] == ["Bob Seller"]
    with pytest.raises(NotFound):
        reads.get_author_record("person:0", by=carol, at=NOW)
