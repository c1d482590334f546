"""Clocks of observed work: by the contract in force at each instant, warned of once, shown to who may see them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from tests.cast import enter

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.record_work_event import WantedWorkEvent, record_work_event
from closeknit.rooms.agreements.actions.set_calendar import set_calendar
from closeknit.rooms.agreements.actions.warn_of_clocks import note_breaches, warn_of_clocks
from closeknit.rooms.agreements.contracts import Clock, ClockState, WorkEventKind
from closeknit.rooms.agreements.models import (
    CalendarRow,
    ClockBreach,
    ClockWarning,
    ContractVersion,
    TermRow,
    WorkEvent,
)
from closeknit.rooms.agreements.tests.deals import CLAUSE, NOW, TODAY, office, signed, wanted
from closeknit.rooms.agreements.tests.repairs import load_repairs
from closeknit.rooms.decisions.models import LedgerEntry, Notice
from closeknit.rooms.decisions.reads import list_entries
from closeknit.rooms.org.reads import system_actor

pytestmark = pytest.mark.django_db
DAY = datetime(2025, 6, 3, tzinfo=UTC)
"""A Tuesday: what is signed today is moved back, to begin before it."""


@pytest.fixture
def repairs(tmp_path, accounts, alice):
    """Two open repairs of ACME and one of BOLT, one that is done; a contract of four hours for ACME, by the clock."""
    signed(wanted(clauses=(replace(CLAUSE, clock=Clock.CALENDAR),)))
    move_back()
    load_repairs(
        tmp_path,
        alice,
        "R1,2025-06-03T10:00:00,ACME,P2,",
        "R2,2025-06-03T09:00:00,ACME,P2,",
        "R3,2025-06-03T09:30:00,BOLT,P2,",
        "R4,2025-06-03T08:00:00,ACME,P2,2025-06-03T09:00:00",
    )


def move_back(first: date = TODAY + timedelta(days=7)) -> None:
    """Have everything signed hold as many days earlier as brings this day to the one of the tests."""
    days = first - DAY.date()
    for model in (TermRow, ContractVersion, CalendarRow):
        for row in model.objects.all():
            for name in ("starts_on", "ends_on", "from_on"):
                if getattr(row, name, None):
                    setattr(row, name, getattr(row, name) - days)
            row.save()


def at(hour: float) -> datetime:
    """An hour of that day in Berlin."""
    return DAY + timedelta(hours=hour - 2)


def clocks(by, hour: float, **more):
    return {card.work_key: card for card in reads.list_clocks(by=by, at=at(hour), **more)}


def happen(key: str, kind: WorkEventKind, hour: float, by=None, **more) -> None:
    record_work_event(WantedWorkEvent("repair", key, kind, at(hour), **more), by=by or enter("alice"), at=at(23))


def test_running_clocks_come_by_time_to_breach_with_their_states(repairs, alice):
    found = reads.list_clocks(by=alice, at=at(13.5))
    assert [(card.work_key, card.state) for card in found] == [
        ("R2", ClockState.BREACHED),
        ("R1", ClockState.AT_RISK),
    ]
    assert found[1].due_at == at(14)
    assert found[1].left_minutes == pytest.approx(30.0)
    assert found[0].breached_at == at(13)
    assert reads.list_clocks(by=alice, at=at(10.5), state="running")[0].work_key == "R2"
    assert reads.list_clocks(by=alice, at=at(13.5), operation="desk") == []


def test_a_hold_pauses_a_change_of_priority_keeps_it_and_the_end_is_kept(repairs, alice):
    happen("R1", WorkEventKind.HELD, 11, reason="no access")
    assert clocks(alice, 12)["R1"].state is ClockState.HELD
    assert clocks(alice, 12)["R1"].due_at is None
    happen("R1", WorkEventKind.RESUMED, 13)
    happen("R1", WorkEventKind.PRIORITY, 13.5, work_class="P1")
    card = clocks(alice, 14)["R1"]
    assert (card.passed_minutes, card.held_minutes, card.due_at) == (120.0, 120.0, at(16))
    happen("R1", WorkEventKind.DONE, 15)
    assert "R1" not in clocks(alice, 15.5)
    shown = reads.get_work_clocks("repair", "R1", by=alice, at=at(17))
    assert shown.clocks[0].state is ClockState.KEPT
    assert shown.pause_reasons == ("no access", "waiting for customer")
    assert len(shown.events) == 4
    # What was true at noon is still told of noon.
    assert clocks(alice, 12)["R1"].state is ClockState.HELD


def test_a_reason_that_the_contract_does_not_know_pauses_nothing(repairs, alice):
    happen("R1", WorkEventKind.HELD, 11, reason="lunch")
    assert clocks(alice, 13)["R1"].passed_minutes == 180.0


def test_another_contract_keeps_hold_time_and_counts_from_its_own_day(tmp_path, accounts, alice):
    set_calendar(office(holidays_of=""), by=alice, at=NOW)
    signed(wanted(clauses=(replace(CLAUSE, clock=Clock.CALENDAR, within_minutes=20 * 60),)))
    signed(wanted(starts_on=TODAY + timedelta(days=8), calendar="office"))
    move_back()
    load_repairs(tmp_path, alice, "R1,2025-06-03T14:00:00,ACME,,", "R4,2025-06-03T08:00:00,ACME,,2025-06-03T09:00:00")
    happen("R1", WorkEventKind.HELD, 15, reason="no access")
    happen("R1", WorkEventKind.RESUMED, 23)
    # An hour, and one before midnight; from then on only the office's hours count, and four are allowed.
    card = clocks(alice, 24 + 10)["R1"]
    assert (card.passed_minutes, card.held_minutes) == (180.0, 480.0)
    assert (card.allowed_minutes, card.due_at) == (240.0, at(24 + 11))
    assert card.promise == "95% resolved within 12 hours of an open day"


def test_work_whose_source_never_states_an_end_has_no_clock(tmp_path, accounts, alice):
    signed(wanted(clauses=(replace(CLAUSE, clock=Clock.CALENDAR),)))
    move_back()
    load_repairs(tmp_path, alice, "R1,2025-06-03T10:00:00,ACME,P2,")
    assert reads.list_clocks(by=alice, at=at(13)) == []


def test_work_that_nothing_is_promised_of_has_no_clock(repairs, alice):
    assert "R3" not in clocks(alice, 13)


def test_reopened_work_runs_again(repairs, alice):
    happen("R4", WorkEventKind.REOPENED, 11)
    assert clocks(alice, 12)["R4"].passed_minutes == 120.0


def test_people_are_warned_once_before_the_breach_in_one_notice_for_each_account(repairs, alice, bob, carol):
    assert warn_of_clocks(by=system_actor(), at=at(11)) == 0
    assert warn_of_clocks(by=system_actor(), at=at(12.2)) == 1
    assert warn_of_clocks(by=system_actor(), at=at(12.3)) == 0
    assert warn_of_clocks(by=system_actor(), at=at(13.2)) == 1
    assert warn_of_clocks(by=system_actor(), at=at(20)) == 0
    told = Notice.objects.filter(cause="clocks:ACME")
    assert {notice.person_key for notice in told} == {bob.key, carol.key}
    assert {notice.updates for notice in told} == {2}
    assert ClockWarning.objects.count() == 2
    assert LedgerEntry.objects.filter(kind="clocks.at-risk").count() == 2
    for warning in ClockWarning.objects.all():
        assert warning.warned_at < warning.due_at


def test_what_breaks_has_one_ledger_line_however_often_the_watch_looks(repairs, alice):
    assert note_breaches(by=system_actor(), at=at(12.5)) == 0
    assert note_breaches(by=system_actor(), at=at(13.5)) == 1
    assert note_breaches(by=system_actor(), at=at(13.6)) == 0
    assert note_breaches(by=system_actor(), at=at(14.5)) == 1
    assert note_breaches(by=system_actor(), at=at(20)) == 0
    assert [row.work_key for row in ClockBreach.objects.order_by("breached_at")] == ["R2", "R1"]
    assert [row.breached_at for row in ClockBreach.objects.order_by("breached_at")] == [at(13), at(14)]
    lines = list_entries(by=alice, account_number="ACME", kind="clocks.breached")
    assert [line.evidence["clocks"][0]["key"] for line in lines] == ["R1", "R2"]


def test_the_clocks_of_an_account_and_day_have_one_thread_and_another_day_another(repairs):
    warn_of_clocks(by=system_actor(), at=at(12.2))
    note_breaches(by=system_actor(), at=at(13.2))
    warn_of_clocks(by=system_actor(), at=at(13.2))
    assert LedgerEntry.objects.filter(kind__startswith="clocks.").count() == 3
    assert LedgerEntry.objects.filter(kind__startswith="clocks.").values("thread_id").distinct().count() == 1
    note_breaches(by=system_actor(), at=at(26.5))
    assert LedgerEntry.objects.filter(kind__startswith="clocks.").values("thread_id").distinct().count() == 2


def test_red_twin_a_second_warning_of_a_clock_is_refused_by_the_database(repairs):
    warn_of_clocks(by=system_actor(), at=at(12.2))
    row = ClockWarning.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


@pytest.mark.parametrize(
    ("key", "kind", "hour", "more", "error"),
    [
        ("R1", WorkEventKind.HELD, 11, {}, Invalid),
        ("R1", WorkEventKind.PRIORITY, 11, {}, Invalid),
        ("R1", WorkEventKind.DONE, 9, {}, Invalid),
        ("R1", WorkEventKind.DONE, 24, {}, Invalid),
        ("R1", WorkEventKind.RESUMED, 11, {}, Conflict),
        ("R1", WorkEventKind.REOPENED, 11, {}, Conflict),
        ("R4", WorkEventKind.HELD, 11, {"reason": "no access"}, Conflict),
        ("R9", WorkEventKind.DONE, 11, {}, NotFound),
    ],
)
def test_what_cannot_have_happened_is_refused(repairs, key, kind, hour, more, error):
    with pytest.raises(error):
        happen(key, kind, hour, **more)
    assert WorkEvent.objects.count() == 0


def test_clocks_are_seen_with_their_account(repairs, alice, bob):
    signed(wanted(contract_number="K-B", account_number="BOLT", clauses=(replace(CLAUSE, term_number="B-1"),)))
    TermRow.objects.filter(term_number="B-1").update(starts_on=DAY.date())
    ContractVersion.objects.filter(contract_number="K-B").update(starts_on=DAY.date())
    assert set(clocks(alice, 13)) == {"R1", "R2", "R3"}
    assert set(clocks(bob, 13)) == {"R1", "R2"}
    with pytest.raises(NotFound):
        reads.get_work_clocks("repair", "R3", by=bob, at=at(13))
    with pytest.raises(NotFound):
        happen("R3", WorkEventKind.DONE, 12, by=bob)
    for name in ("gina", "dave"):
        with pytest.raises(Denied):
            reads.list_clocks(by=enter(name), at=at(13))
        with pytest.raises(Denied):
            happen("R1", WorkEventKind.DONE, 12, by=enter(name))


def test_threatened_accounts_tell_what_is_lost_what_runs_out_next_and_what_it_costs(repairs, alice, bob):
    (acme,) = reads.list_threatened_accounts(by=alice, at=at(13.5))
    assert (acme.account_number, acme.tier, acme.broken, acme.at_risk) == ("ACME", "strategic", 1, 1)
    assert (acme.next_work_key, acme.next_due_at, acme.is_next_broken) == ("R1", at(14), False)
    assert acme.credits_at_stake == 2 * CLAUSE.credit_per_miss
    (late,) = reads.list_threatened_accounts(by=alice, at=at(15))
    assert (late.broken, late.at_risk, late.next_work_key, late.is_next_broken) == (2, 0, "R1", True)
    assert [one.account_number for one in reads.list_threatened_accounts(by=bob, at=at(15))] == ["ACME"]
    assert reads.list_threatened_accounts(by=alice, at=at(10.5)) == []
    with pytest.raises(Denied):
        reads.list_threatened_accounts(by=enter("dave"), at=at(13.5))
