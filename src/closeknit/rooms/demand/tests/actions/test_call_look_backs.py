"""A week without a load: forecasts are looked back at all the same, once, whoever asks."""

from datetime import timedelta

import pytest
from tests.cast import enter
from tests.small_company import AT, draft, load

from closeknit.kernel.errors import Denied
from closeknit.kernel.models import EventRow
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.demand import jobs
from closeknit.rooms.demand.actions.call_look_backs import call_look_backs
from closeknit.rooms.org.reads import system_actor

WEEK = timedelta(days=7)


@pytest.fixture
def company(db, tmp_path):
    load(tmp_path)
    return draft()


def called() -> list[EventRow]:
    return list(EventRow.objects.filter(name="LookBackDue"))


@pytest.mark.usefixtures("company")
def test_an_operation_is_called_once_a_week():
    by = system_actor()
    assert call_look_backs(by=by, at=AT) == 0
    assert call_look_backs(by=by, at=AT + WEEK - timedelta(seconds=1)) == 0
    assert call_look_backs(by=by, at=AT + WEEK) == 1
    assert call_look_backs(by=by, at=AT + WEEK) == 0
    (event,) = called()
    (line,) = decisions.get_thread(event.thread_id, by=enter("carol"))
    assert line.kind == "forecast.look-back-called"
    assert "warehouse" in line.sentence
    assert call_look_backs(by=by, at=AT + 3 * WEEK) == 1


@pytest.mark.usefixtures("company")
def test_what_is_due_is_scored_raised_and_looked_back_at(monkeypatch):
    asked = []
    monkeypatch.setattr(jobs.jobs, "defer", lambda task, **about: asked.append(about["once_key"]))
    call_look_backs(by=system_actor(), at=AT)
    call_look_backs(by=system_actor(), at=AT + WEEK)
    (event,) = called()

    class Context:
        by = system_actor()

    from closeknit.rooms.demand.contracts import LookBackDue

    jobs.look_back_on_due(LookBackDue(event.thread_id, "warehouse"), Context())
    assert asked == ["score:warehouse", "exceptions:warehouse", "look-back:warehouse"]


def test_nothing_is_forecast_so_nothing_is_due_and_readers_may_not_call(db):
    assert call_look_backs(by=system_actor(), at=AT) == 0
    with pytest.raises(Denied):
        call_look_backs(by=enter("frank"), at=AT)
