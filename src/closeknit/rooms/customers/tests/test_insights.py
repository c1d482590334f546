"""What is known of accounts, as people read it: scope, contradictions, what is stale, and the days in force."""

from datetime import timedelta

import pytest

from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.contracts import InsightDirection, InsightState
from closeknit.rooms.customers.tests.knowing import NOW, TODAY, WANTED, know


def test_only_accounts_in_scope_show(acme, bolt, bob, carol, dave, gina):
    mine, hidden = know(bob), know(carol, account_number="BOLT")
    assert [card.insight_id for card in reads.list_insights(by=bob, at=NOW)] == [mine]
    assert {card.insight_id for card in reads.list_insights(by=carol, at=NOW)} == {mine, hidden}
    assert reads.count_insights(by=bob)["standing"] == 1
    with pytest.raises(NotFound):
        reads.get_insight(hidden, by=bob, at=NOW)
    with pytest.raises(NotFound):
        reads.get_author_record(carol.key, by=bob, at=NOW)
    assert [found.card.insight_id for found in in_force(bob)] == [mine]
    for outsider in (dave, gina):
        with pytest.raises(Denied):
            reads.list_insights(by=outsider, at=NOW)


def in_force(by, first=0, last=40, at=NOW):
    return reads.list_insights_in_force(TODAY + timedelta(days=first), TODAY + timedelta(days=last), by=by, at=at)


@pytest.mark.parametrize(("first", "last", "count"), [(0, 10, 0), (0, 11, 1), (23, 24, 1), (24, 40, 0)])
def test_days_are_half_open(acme, bob, first, last, count):
    know(bob)
    assert len(in_force(bob, first, last)) == count


def test_what_expired_counts_no_more_from_its_day_on(acme, bob):
    know(bob, expires_on=TODAY + timedelta(days=5))
    assert len(in_force(bob, at=NOW + timedelta(days=4))) == 1
    assert in_force(bob, at=NOW + timedelta(days=5)) == []


def test_the_opposite_of_the_same_days_is_shown_on_both(acme, bolt, bob, carol):
    up = know(bob)
    down = know(carol, direction=InsightDirection.DOWN, from_on=WANTED.to_on - timedelta(days=1), to_on=WANTED.to_on)
    later = know(carol, direction=InsightDirection.DOWN, from_on=WANTED.to_on, to_on=WANTED.to_on + timedelta(days=9))
    other = know(carol, direction=InsightDirection.DOWN, account_number="BOLT")
    cards = {card.insight_id: card.contradicted_by for card in reads.list_insights(by=carol, at=NOW)}
    assert cards == {up: (down,), down: (up,), later: (), other: ()}


def test_other_services_do_not_contradict(acme, bob, carol):
    know(bob, service="picking")
    know(carol, direction=InsightDirection.DOWN, service="packing")
    assert [card.contradicted_by for card in reads.list_insights(by=bob, at=NOW)] == [(), ()]


def test_old_ones_are_stale_while_they_stand(acme, bob):
    late = {"from_on": TODAY + timedelta(days=100), "to_on": TODAY + timedelta(days=120)}
    know(bob, **late)
    (card,) = reads.list_insights(by=bob, at=NOW + timedelta(days=59))
    assert not card.is_stale
    (card,) = reads.list_insights(by=bob, at=NOW + timedelta(days=60))
    assert (card.is_stale, card.state) == (True, InsightState.STANDING)
