"""Escalations by use case: who is asked, who may answer, what stops the clock, and what each step leaves behind."""

from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.db import transaction
from tests.cast import enter

from closeknit.kernel import ids
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.models import EventRow
from closeknit.kernel.scope import acting_as
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.adopt_path import adopt_paths
from closeknit.rooms.decisions.actions.answer_escalation import (
    acknowledge_escalation,
    close_escalation_by_hand,
    hand_back_escalation,
    reassign_escalation,
)
from closeknit.rooms.decisions.actions.close_escalation import close_escalation
from closeknit.rooms.decisions.actions.move_escalations import move_due_escalations
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
from closeknit.rooms.decisions.contracts.escalations import EscalationState
from closeknit.rooms.decisions.models import Escalation, Notice
from closeknit.rooms.org.actions.delegate import delegate
from closeknit.rooms.org.actions.report_absence import report_absence
from closeknit.rooms.org.reads import console_actor, system_actor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def escalate(by, path="shortfall", cause="c", account_number="ACME"):
    about = {"title": "ACME is short", "summary": "By ten hours.", "thread_id": ids.new_id()}
    return raise_escalation(path=path, cause=cause, account_number=account_number, **about, by=by, at=AT)


def run_out(escalation_id, minutes=10_000):
    """Let the timer of an escalation run out, in the database's own time."""
    with transaction.atomic():
        row = Escalation.objects.get(pk=escalation_id)
        Escalation.objects.filter(pk=row.pk).update(next_level_at=row.next_level_at - timedelta(minutes=minutes))


@pytest.fixture
def people(acme, alice, bob, carol):
    return {"alice": alice, "bob": bob, "carol": carol, "dave": enter("dave"), "frank": enter("frank")}


def test_it_asks_the_first_level_and_leaves_its_traces(people):
    found = escalate(people["alice"])
    card = reads.get_escalation(found, by=people["alice"])
    assert (card.state, card.level, card.asked, card.mine) == (EscalationState.OPEN, 1, ("Alice Planner",), True)
    line = next(x for x in reads.list_entries(by=people["alice"], kind="escalation.raised"))
    assert (line.subject, line.account_number, line.evidence["cause"]) == (f"escalation:{found}", "ACME", "c")
    assert EventRow.objects.filter(name="EscalationRaised").count() == 1
    notice = Notice.objects.get(person_key=people["alice"].key)
    assert (notice.link, notice.is_urgent) == (f"/escalations/{found}/", False)


def test_one_cause_is_one_escalation_until_it_is_closed(people):
    first = escalate(people["alice"])
    assert escalate(people["carol"]) == first
    close_escalation(cause="c", reason="Covered.", by=people["alice"], at=AT)
    close_escalation(cause="c", reason="Covered.", by=people["alice"], at=AT)
    assert escalate(people["alice"]) != first
    assert Escalation.objects.filter(cause="c").count() == 2


def test_whoever_cannot_see_the_one_that_stands_raises_no_second(people):
    first = escalate(people["alice"], account_number="")
    with acting_as(people["bob"]):
        assert escalate(people["bob"], account_number="") == first


def test_a_raise_that_fails_leaves_nothing(people):
    with transaction.atomic():
        escalate(people["alice"])
        transaction.set_rollback(True)
    assert not Escalation.objects.exists()
    for wrong in ({"path": "nowhere"}, {"cause": " "}):
        with pytest.raises((NotFound, Invalid)):
            escalate(people["alice"], **wrong)


def test_what_nobody_takes_on_moves_on_and_is_repeated_at_the_top(people):
    ed = enter("erin")
    found = escalate(people["alice"])
    levels = []
    for _ in range(4):
        run_out(found)
        assert move_due_escalations(by=system_actor()) == 1
        card = reads.get_escalation(found, by=people["alice"])
        levels.append((card.level, card.at_top))
    assert levels == [(2, False), (3, True), (3, True), (3, True)]
    kinds = [step.kind.value for step in reads.list_escalation_steps(found, by=ed)]
    assert kinds == ["raised", "moved", "moved", "repeated", "repeated"]
    assert "nobody is there" in reads.list_escalation_steps(found, by=ed)[2].sentence, "the cast has no executive"


def test_an_acknowledgement_stops_the_clock_but_buries_nothing(people):
    found = escalate(people["alice"])
    acknowledge_escalation(found, by=people["alice"], at=AT)
    card = reads.get_escalation(found, by=people["alice"])
    assert (card.state, card.holder) == (EscalationState.ACKNOWLEDGED, "Alice Planner")
    assert Notice.objects.get(person_key=people["alice"].key).read_at is not None
    assert move_due_escalations(by=system_actor()) == 0
    with pytest.raises(Conflict, match="Alice Planner"):
        acknowledge_escalation(found, by=people["carol"], at=AT)
    run_out(found)
    assert move_due_escalations(by=system_actor()) == 1
    card = reads.get_escalation(found, by=people["alice"])
    assert (card.state, card.level, card.holder) == (EscalationState.OPEN, 2, "")


def test_a_hand_back_asks_others_and_never_the_same(people):
    found = escalate(people["carol"], path="cross-department", account_number="")
    acknowledge_escalation(found, by=people["carol"], at=AT)
    with pytest.raises(Invalid):
        hand_back_escalation(found, reason=" ", by=people["carol"], at=AT)
    hand_back_escalation(found, reason="Not mine.", by=people["carol"], at=AT)
    card = reads.get_escalation(found, by=people["carol"])
    assert (card.level, card.state) == (2, EscalationState.OPEN), "nobody else leads service: the next level at once"


def test_only_who_was_asked_or_may_decide_answers(people):
    found = escalate(people["alice"])
    for name in ("bob", "frank"):
        with pytest.raises(Denied):
            acknowledge_escalation(found, by=people[name], at=AT)
    with pytest.raises(Denied):
        acknowledge_escalation(found, by=people["dave"], at=AT)
    foreign = escalate(people["alice"], cause="other", account_number="NOT-BOBS")
    with pytest.raises(NotFound):
        reads.get_escalation(foreign, by=people["bob"])
    acknowledge_escalation(found, by=people["carol"], at=AT)


def test_who_is_away_is_left_out_for_who_stands_in(people):
    now = datetime.now(UTC) - timedelta(minutes=5)  # before this test's transaction began
    soon = now + timedelta(days=3)
    delegate(people["frank"].key, starts_at=now, ends_at=soon, reason="Vacation.", by=people["carol"], at=now)
    report_absence(starts_at=now, ends_at=soon, by=people["carol"], at=now)
    found = escalate(people["alice"], path="cross-department", account_number="")
    assert reads.get_escalation(found, by=people["alice"]).asked == ("Frank Auditor",)
    acknowledge_escalation(found, by=enter("frank"), at=AT)
    assert reads.get_escalation(found, by=people["alice"]).holder == "Frank Auditor"


def test_who_stands_in_for_somebody_asked_answers_for_them(people):
    now = datetime.now(UTC) - timedelta(minutes=5)  # before this test's transaction began
    found = escalate(people["alice"], path="cross-department", account_number="")
    delegate(
        people["frank"].key, starts_at=now, ends_at=now + timedelta(days=1), reason="Busy.", by=people["carol"], at=now
    )
    acknowledge_escalation(found, by=enter("frank"), at=AT)
    last = reads.list_escalation_steps(found, by=people["alice"])[-1]
    assert last.who == "Frank Auditor for Carol Lead"


def test_reassigning_needs_somebody_who_sees_it_and_is_there(people):
    found = escalate(people["alice"])
    for wrong in ("dave", "nobody-here"):
        with pytest.raises(Invalid):
            reassign_escalation(found, to=wrong, reason="Yours.", by=people["alice"], at=AT)
    reassign_escalation(found, to="bob", reason="Your account.", by=people["alice"], at=AT)
    card = reads.get_escalation(found, by=people["bob"])
    assert (card.asked, card.mine, card.level) == (("Bob Seller",), True, 1)
    now = datetime.now(UTC) - timedelta(minutes=5)  # before this test's transaction began
    report_absence(starts_at=now, ends_at=now + timedelta(days=2), by=people["carol"], at=now)
    with pytest.raises(Conflict, match="away"):
        reassign_escalation(found, to="carol", reason="Yours.", by=people["alice"], at=AT)


def test_only_the_end_of_its_cause_closes_an_approval(people):
    waiting = escalate(people["alice"], path="approval", account_number="")
    with pytest.raises(Conflict, match="by itself"):
        close_escalation_by_hand(waiting, reason="Enough.", by=people["carol"], at=AT)
    short = escalate(people["alice"], cause="d")
    close_escalation_by_hand(short, reason="Overtime was agreed.", by=people["carol"], at=AT)
    card = reads.get_escalation(short, by=people["bob"])
    assert (card.state, card.reason, card.next_level_at) == (EscalationState.CLOSED, "Overtime was agreed.", None)
    with pytest.raises(Conflict, match="closed"):
        acknowledge_escalation(short, by=people["carol"], at=AT)


def test_a_changed_path_counts_for_what_is_raised_after_it(people):
    before = escalate(people["alice"])
    text = reads.path_as_text(reads.get_path("shortfall", by=people["alice"]), by=people["alice"]).replace(
        "planner", "service-lead"
    )
    with pytest.raises(Denied):
        adopt_paths(text, reason="So.", by=people["carol"], at=AT)
    (changed,) = adopt_paths(text, reason="Leads first.", by=console_actor(), at=AT)
    assert (changed.version, changed.levels[0].role) == (1, "service-lead")
    assert adopt_paths(text, reason="Again.", by=console_actor(), at=AT) == []
    after = escalate(people["alice"], cause="d")
    cards = [reads.get_escalation(found, by=people["alice"]) for found in (before, after)]
    assert [(card.path_version, card.asked) for card in cards] == [(0, ("Alice Planner",)), (1, ("Carol Lead",))]
    versions = reads.list_path_versions("shortfall", by=people["alice"])
    assert [(v.version, v.reason) for v in versions] == [(1, "Leads first."), (0, "")]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("role: planner, minutes: 0", "Minutes"),
        ("role: nobody, minutes: 5", "no role"),
        ("minutes: 5", "else a role"),
        ("calendar: nights, minutes: 5", "no on-duty calendar"),
        ("person: nobody, minutes: 5", "Nobody signs in"),
        ("role: planner, minutes: 5, colour: red", "does not know"),
    ],
)
def test_a_path_that_cannot_be_taken_is_refused_with_its_place(db, wrong, says):
    text = f"p:\n  title: P\n  levels: [{{{wrong}}}]\n  hold_minutes: 5\n  repeat_minutes: 5\n  closed_by_hand: true\n"
    with pytest.raises(Invalid, match=says) as refused:
        adopt_paths(text, reason="So.", by=console_actor(), at=AT)
    assert "level 1" in refused.value.where


def test_a_workers_own_clock_changes_nothing(people):
    """Timers are compared with the database's clock. Red twin: with the machine's clock it would move on."""
    found = escalate(people["alice"])
    ahead = datetime.now(UTC) + timedelta(days=400)
    with mock.patch("closeknit.kernel.clock.now", return_value=ahead), mock.patch("time.time", return_value=4e9):
        assert move_due_escalations(by=system_actor()) == 0
    with mock.patch("closeknit.rooms.decisions.reads.timing.database_now", return_value=ahead):
        assert move_due_escalations(by=system_actor()) == 1
    assert reads.get_escalation(found, by=people["alice"]).level == 2


def test_one_that_cannot_be_moved_on_stops_no_other(people):
    first, second = escalate(people["alice"]), escalate(people["alice"], cause="d")
    for found in (first, second):
        run_out(found)
    Escalation.objects.filter(pk=first).update(body={"broken": True})
    assert move_due_escalations(by=system_actor()) == 1
    assert Escalation.objects.get(pk=second).level == 1
    assert Escalation.objects.get(pk=first).level == 0


def test_a_list_costs_the_same_for_few_and_many(people, django_assert_max_num_queries):
    for number in range(3):
        escalate(people["alice"], cause=f"c{number}")
    with django_assert_max_num_queries(7):
        reads.list_escalations(by=people["bob"])
    for number in range(30):
        escalate(people["alice"], cause=f"d{number}")
    with django_assert_max_num_queries(7):
        assert len(reads.list_escalations(by=people["bob"])) == 33
