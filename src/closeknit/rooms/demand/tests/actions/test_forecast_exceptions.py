"""What comes otherwise than forecast is raised once, owned, and closed only with a finding."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from tests.cast import sign_in

from closeknit.kernel import clock, jobs
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.assign_forecast_exception import (
    assign_forecast_exception,
    comment_forecast_exception,
)
from closeknit.rooms.demand.actions.close_forecast_exception import close_forecast_exception
from closeknit.rooms.demand.actions.escalate_forecast_exceptions import escalate_forecast_exceptions
from closeknit.rooms.demand.actions.reopen_forecast_exception import reopen_forecast_exception
from closeknit.rooms.demand.compute.exceptions import agreement
from closeknit.rooms.demand.contracts import ChangeKind, FindingKind, FollowUpKind
from closeknit.rooms.demand.models import ForecastException
from closeknit.rooms.demand.tests.coming import LATER, come_in, forecast, raise_all, score
from closeknit.rooms.org.reads import system_actor


@pytest.fixture
def acme_off(db, tmp_path):
    """ACME brought 60 % more than usual in the week after the forecast."""
    forecast(tmp_path)
    come_in(tmp_path, factor=1.6, only="ACME")
    score()
    raise_all()
    return ForecastException.objects.get(account_number="ACME")


def test_a_week_as_forecast_raises_nothing(db, tmp_path):
    forecast(tmp_path)
    come_in(tmp_path)
    score()
    assert raise_all() == 0


def test_a_week_far_off_is_raised_once_with_owner_and_evidence(acme_off, alice):
    assert acme_off.week_on == date(2026, 3, 2)
    assert acme_off.owner_key == "role:account-manager"
    assert acme_off.causes == ["outside its range", "off its forecast"]
    total = ForecastException.objects.get(level="total")
    assert total.owner_key == "role:planner"
    assert acme_off.consequence == pytest.approx(8 * abs(acme_off.actual - acme_off.mean))
    cards = reads.list_forecast_exceptions(by=alice, at=LATER)
    assert cards[0].account_number == "ACME"
    assert cards[0].deviation_share == pytest.approx(0.6, abs=0.1)
    assert "came" in cards[0].sentence
    assert raise_all() == 0
    assert ForecastException.objects.count() == len(cards)
    assert LedgerEntry.objects.filter(kind="forecast-exception.raised").count() == len(cards)
    thread = decisions.get_thread(acme_off.thread_id, by=alice)
    assert [line.kind for line in thread] == ["forecast-exception.raised"]
    weeks = reads.list_exception_weeks(acme_off.pk, by=alice)
    assert weeks[-1].observed == acme_off.actual
    assert weeks[-1].mean == pytest.approx(acme_off.mean)


def test_only_who_sees_the_account_sees_it(alice, bob, acme_off, dave):
    assert {card.account_number for card in reads.list_forecast_exceptions(by=bob, at=LATER)} == {"ACME"}
    assert reads.count_forecast_exceptions(by=bob, at=LATER)["open"] == 1
    foreign = ForecastException.objects.filter(account_number="").first()
    with pytest.raises(NotFound):
        reads.get_forecast_exception(foreign.pk, by=bob, at=LATER)
    with pytest.raises(Denied):
        reads.list_forecast_exceptions(by=dave, at=LATER)
    titles = [notice.title for notice in decisions.list_notices(by=bob)]
    assert "ACME came otherwise than forecast" in titles
    assert any("came otherwise than forecast" in notice.title for notice in decisions.list_notices(by=alice))


def test_what_an_answer_costs_is_for_who_may_read_prices(acme_off, alice, bob, client):
    acme_off.change |= {"kind": "permanent", "response": acme_off.change["response"] | {"hiring_from_weeks": 12.0}}
    acme_off.save()

    def costs(by):
        kept = reads.get_forecast_exception(acme_off.pk, by=by, at=LATER).change
        now = reads.list_changes("warehouse", by=by, at=LATER, every=True)
        assert now
        responses = [change.response for change in (kept, *now)]
        return {cost is None for r in responses for cost in (r.overtime_cost, r.temps_cost, r.hire_cost)}

    assert costs(alice) == {False}
    assert costs(bob) == {True}
    for username, shows in (("alice", True), ("bob", False)):
        sign_in(client, username)
        page = client.get(f"/demand/exceptions/{acme_off.pk}/").content.decode()
        assert ("A year's cost" in page) is shows


def test_it_is_closed_only_with_a_finding_in_words(acme_off, bob):
    with pytest.raises(Invalid, match="finding in words"):
        close_forecast_exception(acme_off.pk, finding=FindingKind.CHANCE, text="  ", by=bob, at=LATER)
    with pytest.raises(Invalid, match="go together"):
        close_forecast_exception(
            acme_off.pk, finding=FindingKind.CHANCE, text="So.", follow_up=FollowUpKind.EVENT, by=bob, at=LATER
        )
    close_forecast_exception(acme_off.pk, finding=FindingKind.ONE_OFF, text="They moved house.", by=bob, at=LATER)
    card = reads.get_forecast_exception(acme_off.pk, by=bob, at=LATER)
    assert (card.state, card.finding, card.closed_by) == ("closed", "one-off customer event", "Bob Seller")
    with pytest.raises(Conflict):
        close_forecast_exception(acme_off.pk, finding=FindingKind.CHANCE, text="Again.", by=bob, at=LATER)
    assert LedgerEntry.objects.filter(kind="forecast-exception.closed").count() == 1


def test_red_twin_the_database_itself_keeps_a_closed_one_from_having_no_finding(acme_off):
    with pytest.raises(IntegrityError), transaction.atomic():
        ForecastException.objects.filter(pk=acme_off.pk).update(state="closed", closed_at=LATER)


def test_reopening_assigning_and_commenting_leave_their_steps(acme_off, alice, bob, frank):
    with pytest.raises(Conflict):
        reopen_forecast_exception(acme_off.pk, reason="No.", by=bob, at=LATER)
    close_forecast_exception(acme_off.pk, finding=FindingKind.CHANCE, text="Chance.", by=bob, at=LATER)
    with pytest.raises(Invalid):
        reopen_forecast_exception(acme_off.pk, reason=" ", by=alice, at=LATER)
    reopen_forecast_exception(acme_off.pk, reason="It came again.", by=alice, at=LATER + timedelta(days=1))
    with pytest.raises(Invalid, match="cannot answer"):
        assign_forecast_exception(acme_off.pk, to="frank", by=alice, at=LATER)
    assign_forecast_exception(acme_off.pk, to="bob", reason="Ask them.", by=alice, at=LATER)
    comment_forecast_exception(acme_off.pk, text="They do not answer.", by=bob, at=LATER)
    with pytest.raises(Denied):
        comment_forecast_exception(acme_off.pk, text="Hm.", by=frank, at=LATER)
    card = reads.get_forecast_exception(acme_off.pk, by=bob, at=LATER)
    assert (card.state, card.owner, card.finding) == ("open", bob.key, "")
    assert card.due_at == LATER + timedelta(days=4)
    steps = [step.kind for step in reads.list_exception_steps(acme_off.pk, by=bob)]
    assert steps == ["raised", "closed", "reopened", "assigned", "commented"]


def test_what_nobody_answers_is_escalated_once_and_ends_with_its_finding(acme_off, bob, carol):
    system = system_actor()
    assert escalate_forecast_exceptions(by=system, at=LATER) == 0
    late = acme_off.due_at + timedelta(hours=1)
    assert escalate_forecast_exceptions(by=system, at=late) == ForecastException.objects.count()
    assert escalate_forecast_exceptions(by=system, at=late) == 0
    cause = "forecast-exception:warehouse:ACME"
    assert decisions.list_open_causes(cause, by=system) == [cause]
    assert reads.get_forecast_exception(acme_off.pk, by=bob, at=late).is_overdue
    close_forecast_exception(acme_off.pk, finding=FindingKind.LASTING, text="A new shop.", by=bob, at=late)
    assert decisions.list_open_causes(cause, by=system) == []
    assert decisions.list_open_causes("forecast-exception:warehouse:", by=system) != []


def test_late_data_bring_it_up_to_date_or_close_it_as_an_error_of_data(acme_off, bob):
    from closeknit.rooms.sensing.models import WorkRow

    def set_work(factor):
        for row in WorkRow.objects.filter(account_number="ACME", occurred_at__gte="2026-03-02T00:00Z"):
            WorkRow.objects.filter(pk=row.pk).update(quantity=row.quantity * factor)
        score()
        assert raise_all() == 0

    set_work(1.25)
    card = reads.get_forecast_exception(acme_off.pk, by=bob, at=LATER)
    assert (card.state, card.actual) == ("open", pytest.approx(acme_off.actual * 1.25))
    set_work(0.5)
    card = reads.get_forecast_exception(acme_off.pk, by=bob, at=LATER)
    assert (card.state, card.finding, card.closed_by) == ("closed", "data error", "Closeknit")
    steps = [step.kind for step in reads.list_exception_steps(acme_off.pk, by=bob)]
    assert steps == ["raised", "updated", "closed"]


def test_limits_are_settable_by_account(db, tmp_path, carol):
    from closeknit.rooms.org.actions.set_setting import set_setting

    forecast(tmp_path)
    come_in(tmp_path, factor=1.6, only="ACME")
    score()
    key = "demand.exception_least_units"
    where = {"level": "account", "place": "ACME", "reason": "They are being moved."}
    set_setting(key, 100_000.0, **where, by=carol, at=clock.now())
    raise_all(clock.now())
    assert not ForecastException.objects.filter(account_number="ACME").exists()


def test_agreement_is_recorded_where_both_say_something():
    assert agreement(ChangeKind.PERMANENT, FindingKind.LASTING) is True
    assert agreement(ChangeKind.TEMPORARY, FindingKind.LASTING) is False
    assert agreement(ChangeKind.PERMANENT, FindingKind.ONE_OFF) is False
    assert agreement(ChangeKind.UNKNOWN, FindingKind.LASTING) is None
    assert agreement(ChangeKind.PERMANENT, FindingKind.CHANCE) is None


def test_new_data_raise_it_by_the_job_loop(transactional_db, tmp_path):
    forecast(tmp_path)
    come_in(tmp_path, factor=1.6, only="ACME")
    jobs.run_until_idle()
    row = ForecastException.objects.get(account_number="ACME")
    assert row.state == "open"
    assert clock.now() - row.raised_at < timedelta(minutes=5)
