"""An insight is renewed while its days last, also after it expired, by who may, with a reason; its words stay."""

from datetime import timedelta

import pytest

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.expire_insights import expire_insights
from closeknit.rooms.customers.actions.renew_insight import renew_insight
from closeknit.rooms.customers.actions.withdraw_insight import withdraw_insight
from closeknit.rooms.customers.contracts import InsightState
from closeknit.rooms.customers.tests.knowing import NOW, TODAY, WANTED, know
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org.reads import system_actor

EXPIRES = TODAY + timedelta(days=5)
LATER = NOW + timedelta(days=6)


def in_force(by, at):
    return reads.list_insights_in_force(WANTED.from_on, WANTED.to_on, by=by, at=at)


def test_an_expired_one_counts_again_to_its_own_end_or_to_a_day(acme, bob):
    insight_id = know(bob, expires_on=EXPIRES)
    assert expire_insights(by=system_actor(), at=LATER) == 1
    assert in_force(bob, LATER) == []
    renew_insight(insight_id, reason="They said so again.", by=bob, at=LATER)
    card = reads.get_insight(insight_id, by=bob, at=LATER)
    assert (card.state, card.expires_on, card.ended_at) == (InsightState.STANDING, WANTED.to_on, None)
    assert len(in_force(bob, LATER)) == 1
    until = (LATER + timedelta(days=2)).date()
    renew_insight(insight_id, reason="For two days.", expires_on=until, by=bob, at=LATER)
    assert reads.get_insight(insight_id, by=bob, at=LATER).expires_on == until
    line = decisions.get_thread(card.thread_id, by=bob)[-1]
    assert (line.kind, line.evidence["reason"]) == ("insight.renewed", "For two days.")


def test_one_recorded_long_ago_is_fresh_again(acme, bob):
    far = {"from_on": TODAY + timedelta(days=500), "to_on": TODAY + timedelta(days=600)}
    insight_id, later = know(bob, **far), NOW + timedelta(days=400)
    assert reads.get_insight(insight_id, by=bob, at=later).is_stale
    renew_insight(insight_id, reason="Still so.", by=bob, at=later)
    card = reads.get_insight(insight_id, by=bob, at=later)
    assert (card.is_stale, card.renewed_at) == (False, later)


def test_refusals(acme, bolt, bob, carol, frank):
    insight_id = know(carol, account_number="BOLT")
    with pytest.raises(NotFound):
        renew_insight(insight_id, reason="So.", by=bob, at=NOW)
    with pytest.raises(Denied):
        renew_insight(insight_id, reason="So.", by=frank, at=NOW)
    with pytest.raises(Invalid, match="still hold"):
        renew_insight(insight_id, reason=" ", by=carol, at=NOW)
    for day in (TODAY, WANTED.to_on + timedelta(days=1)):
        with pytest.raises(Invalid, match="cannot count until then"):
            renew_insight(insight_id, reason="So.", expires_on=day, by=carol, at=NOW)
    with pytest.raises(Conflict, match="days are over"):
        renew_insight(insight_id, reason="So.", by=carol, at=NOW + timedelta(days=24))
    withdraw_insight(insight_id, reason="No.", by=carol, at=NOW)
    with pytest.raises(Conflict, match="withdrawn"):
        renew_insight(insight_id, reason="So.", by=carol, at=NOW)
