"""An insight is taken back while its days last, by who may, with a reason."""

from datetime import timedelta

import pytest

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.withdraw_insight import withdraw_insight
from closeknit.rooms.customers.contracts import InsightState
from closeknit.rooms.customers.tests.knowing import NOW, TODAY, WANTED, know
from closeknit.rooms.decisions import reads as decisions


def test_it_counts_no_more_and_says_why(acme, bob):
    insight_id = know(bob)
    window = (WANTED.from_on, WANTED.to_on)
    assert len(reads.list_insights_in_force(*window, by=bob, at=NOW)) == 1
    withdraw_insight(insight_id, reason="They cancelled it.", by=bob, at=NOW)
    assert reads.list_insights_in_force(*window, by=bob, at=NOW) == []
    card = reads.get_insight(insight_id, by=bob, at=NOW)
    assert (card.state, card.ended_by, card.end_reason) == (InsightState.WITHDRAWN, "Bob Seller", "They cancelled it.")
    kinds = [line.kind for line in decisions.get_thread(card.thread_id, by=bob)]
    assert kinds == ["insight.recorded", "insight.withdrawn"]
    with pytest.raises(Conflict, match="withdrawn"):
        withdraw_insight(insight_id, reason="Again.", by=bob, at=NOW)


def test_refusals(acme, bolt, bob, carol, frank):
    insight_id = know(carol, account_number="BOLT")
    with pytest.raises(NotFound):
        withdraw_insight(insight_id, reason="So.", by=bob, at=NOW)
    with pytest.raises(Denied):
        withdraw_insight(insight_id, reason="So.", by=frank, at=NOW)
    with pytest.raises(Invalid):
        withdraw_insight(insight_id, reason="  ", by=carol, at=NOW)


def test_what_came_out_wrong_cannot_be_taken_back_afterwards(acme, bob):
    insight_id = know(bob, to_on=TODAY + timedelta(days=12))
    withdrawn_at = NOW + timedelta(days=12)
    with pytest.raises(Conflict, match="over"):
        withdraw_insight(insight_id, reason="It did not come.", by=bob, at=withdrawn_at)
