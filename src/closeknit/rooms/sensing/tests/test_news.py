"""Events and opportunities: read strictly, kept as facts, shown within the reader's accounts."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied
from closeknit.kernel.scope import acting_as
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.contracts import Counts, EventKind, FactKind
from closeknit.rooms.sensing.models import FactRow, QuarantinedRow
from closeknit.rooms.sensing.tests.small import load

pytestmark = pytest.mark.django_db
RECIPE = """
recipe: news
title: What is coming
time_zone: Europe/Berlin
streams:
  - name: events
    from: events.csv
    into: event
    fields:
      event_number: number
      kind: {from: kind, words: {promo: promotion}}
      account_number: account
      operation: operation
      starts_on: starts
      ends_on: ends
      expected_share: {from: share, min: -1}
  - name: opportunities
    from: opportunities.csv
    into: opportunity
    fields:
      opportunity_number: number
      account_number: account
      operation: operation
      stage: stage
      units_per_week: units
      amount: amount
      currency: currency
      opened_on: opened
      closed_on: closed
      outcome: outcome
      starts_on: starts
      ends_on: ends
      stated_share: chance
"""
EVENTS = """number,kind,account,operation,starts,ends,share
E1,promo,,,2026-04-06,2026-04-20,0.25
E2,shutdown,ACME,picking,2026-08-03,2026-08-17,-1
E3,launch,ACME,,2026-05-04,2026-06-01,
E4,party,ACME,,2026-05-04,2026-06-01,0.1
E5,launch,ACME,,2026-05-04,2026-05-04,0.1
E6,launch,ACME,,2026-05-04,,0.1
E7,launch,ACME,,2026-05-04,2026-06-01,NaN
E8,shutdown,ACME,,2026-05-04,2026-06-01,-1.5
"""
OPPORTUNITIES = """number,account,operation,stage,units,amount,currency,opened,closed,outcome,starts,ends,chance
O1,ACME,picking,proposal,40,12000.50,EUR,2026-01-05,,,2026-06-01,2027-06-01,0.5
O2,BOLT,picking,verbal,10,,,2026-01-04,2026-02-10,won,2026-03-02,,0.9
O3,BOLT,repair,proposal,,,,2026-01-06,2026-02-11,lost,,,
O4,ACME,picking,proposal,1,,,2026-01-05,,won,,,
O5,ACME,picking,proposal,1,,,2026-01-05,2026-02-01,,,,
O6,ACME,picking,proposal,1,,,2026-01-05,2026-01-01,lost,,,
O7,ACME,picking,proposal,-1,,,2026-01-05,,,,,
O8,ACME,picking,proposal,1,,,2026-01-05,,,2026-06-01,2026-06-01,
O9,ACME,picking,proposal,1,,,2026-01-05,,,,,1.2
O10,ACME,picking,proposal,1,,,2026-05-05,,,,,
O11,ACME,picking,proposal,1,,,2026-01-05,2026-02-01,perhaps,,,
O12,ACME,picking,,1,,,2026-01-05,,,,,
"""


@pytest.fixture
def loaded(tmp_path, alice):
    (tmp_path / "events.csv").write_text(EVENTS, encoding="utf-8")
    (tmp_path / "opportunities.csv").write_text(OPPORTUNITIES, encoding="utf-8")
    return load(tmp_path, alice, recipe=RECIPE)


def test_what_is_not_sound_is_refused_with_its_reason(loaded):
    assert loaded.counts == Counts(read=20, accepted=6, quarantined=14, duplicate=0)
    codes = Counter(QuarantinedRow.objects.values_list("code", flat=True))
    assert codes == {
        "not-one-of": 2,
        "ends-before-it-starts": 3,
        "missing": 4,
        "not-finite": 1,
        "out-of-range": 3,
        "far-future": 1,
    }


def test_events_come_typed_and_in_order(loaded, alice):
    first, second, third = reads.list_events(by=alice)
    assert (first.event_number, first.kind, first.expected_share) == ("E1", EventKind.PROMOTION, 0.25)
    assert (first.account_number, first.starts_on, first.ends_on) == ("", date(2026, 4, 6), date(2026, 4, 20))
    assert (second.event_number, second.expected_share) == ("E3", None)
    assert (third.kind, third.operation) == (EventKind.SHUTDOWN, "picking")


def test_events_of_an_operation_are_its_own_and_those_of_all(loaded, alice):
    def numbers(*place, **given):
        return [card.event_number for card in reads.list_events(*place, by=alice, **given)]

    assert numbers("picking") == ["E1", "E3", "E2"]
    assert numbers("repair") == ["E1", "E3"]
    assert numbers(account_number="ACME") == ["E3", "E2"]
    assert numbers(from_on=date(2026, 4, 20), to_on=date(2026, 8, 3)) == ["E3"], "spans do not hold their last day"
    assert numbers(from_on=date(2026, 4, 19), to_on=date(2026, 8, 4)) == ["E1", "E3", "E2"]


def test_opportunities_come_typed_and_open_ones_alone_where_asked(loaded, alice):
    won, still_open, lost = reads.list_opportunities(by=alice)
    assert (won.opportunity_number, won.outcome, won.closed_on) == ("O2", "won", date(2026, 2, 10))
    assert (still_open.amount, still_open.currency, still_open.is_open) == (Decimal("12000.5"), "EUR", True)
    assert (lost.units_per_week, lost.starts_on, lost.stated_share) == (None, None, None)
    assert reads.list_opportunities("picking", by=alice, include_closed=False) == [still_open]


def test_a_changed_statement_is_a_new_version(loaded, tmp_path, alice):
    moved = EVENTS.replace("2026-08-03,2026-08-17", "2026-08-10,2026-08-24")
    (tmp_path / "events.csv").write_text(moved, encoding="utf-8")
    load(tmp_path, alice, recipe=RECIPE)
    assert [card.starts_on for card in reads.list_events("picking", by=alice)][-1] == date(2026, 8, 10)
    assert len(reads.list_facts(FactKind.EVENT, by=alice, include_superseded=True)) == 4


def test_nobody_sees_the_news_of_another_ones_accounts(loaded, accounts, alice, bob):
    assert {card.account_number for card in reads.list_events(by=bob)} == {"ACME"}
    assert {card.account_number for card in reads.list_opportunities(by=bob)} == {"ACME"}
    every = FactRow.objects.count()
    with acting_as(bob):
        assert 0 < FactRow.objects.count() < every
        assert {row.body["account_number"] for row in FactRow.objects.all()} == {"ACME"}
        assert len(reads.list_events(by=bob)) == 2


@pytest.mark.parametrize("person", ["dave", "gina"])
def test_outsiders_are_refused(person, loaded, accounts, request):
    by = request.getfixturevalue(person)
    for read in (reads.list_events, reads.list_opportunities):
        with pytest.raises(Denied):
            read(by=by)


def test_amounts_are_for_those_who_see_money(loaded, accounts, alice):
    poor = Actor("person:9", "Poor", alice.permissions - {Permission.READ_MONEY}, alice.scope)
    assert {card.amount for card in reads.list_opportunities(by=poor)} == {None}
    assert {card.units_per_week for card in reads.list_opportunities(by=poor)} == {10.0, 40.0, None}
