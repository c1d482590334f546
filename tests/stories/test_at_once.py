"""Things that happen at the same moment: each ends as if they had come one after the other, and nobody meets an error
that is not designed."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from tests.cast import enter
from tests.small_company import AT, deliver_all, draft, load, write_files

from closeknit.kernel.errors import Conflict

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*things: Callable[[], Any]) -> list[Any]:
    """Do things in threads of their own, all let go together; return what each gave or raised, in order."""
    from django.db import connection

    gate, outcomes = threading.Barrier(len(things)), [None] * len(things)

    def do(number: int, thing: Callable[[], Any]) -> None:
        gate.wait()
        try:
            outcomes[number] = thing()
        except Exception as failure:
            outcomes[number] = failure
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=pair) for pair in enumerate(things)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def meet(monkeypatch: pytest.MonkeyPatch, place: str, parties: int = 2) -> None:
    """Let callers of a function wait for one another, a second at most: all are then past every check before it."""
    from django.utils.module_loading import import_string

    gate, real = threading.Barrier(parties), import_string(place)

    def wait_and_go(*args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):  # the others were held back before they got here
            gate.wait(1.0)
        return real(*args, **kwargs)

    monkeypatch.setattr(place, wait_and_go)


def kinds(kind: str) -> int:
    from closeknit.rooms.decisions.models import LedgerEntry

    return LedgerEntry.objects.filter(kind=kind).count()


def test_of_many_approvals_one_counts_and_the_others_hear_that_it_is_done(tmp_path):
    from closeknit.rooms.capacity.models import Plan
    from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal, reject_proposal

    load(tmp_path)
    company = draft()
    people = [enter("carol"), enter("erin")]
    decide = [
        lambda act=act, by=by: act(company.proposal_id, reason="Now.", by=by, at=AT)
        for act in (approve_proposal, reject_proposal)
        for by in people * 2
    ]
    outcomes = at_once(*decide)
    assert outcomes.count(None) == 1
    assert all(isinstance(outcome, Conflict) for outcome in outcomes if outcome is not None)
    assert kinds("plan.approved") + kinds("plan.rejected") == 1
    at_once(deliver_all, deliver_all)
    deliver_all()
    approved = outcomes.index(None) < 4
    assert Plan.objects.get().state == ("committed" if approved else "rejected")
    assert kinds("plan.committed") == int(approved)


def test_two_jobs_that_plan_the_same_leave_one_plan_and_both_succeed(tmp_path, monkeypatch):
    from closeknit.kernel import ids
    from closeknit.rooms.capacity.actions.propose_plan import propose_plan
    from closeknit.rooms.capacity.actions.start_plan import start_plan
    from closeknit.rooms.capacity.models import Plan
    from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
    from closeknit.rooms.demand.models import ForecastRun

    load(tmp_path)
    alice = enter("alice")
    threads = [start_plan("warehouse", weeks=2, by=alice), ids.new_id()]
    meet(monkeypatch, "closeknit.rooms.demand.actions.refresh_forecast._forecast")
    runs = at_once(
        *(lambda t=t: refresh_forecast("warehouse", as_of=None, weeks=2, thread_id=t, by=alice, at=AT) for t in threads)
    )
    assert runs == [ForecastRun.objects.get().pk] * 2
    assert (kinds("forecast.refreshed"), kinds("forecast.unchanged")) == (1, 1)
    meet(monkeypatch, "closeknit.rooms.capacity.compute.make_plan")
    plans = at_once(*(lambda t=t: propose_plan(runs[0], thread_id=t, by=alice, at=AT) for t in threads))
    assert plans == [Plan.objects.get().pk] * 2
    assert (kinds("plan.drafted"), kinds("plan.unchanged"), kinds("plan.proposed")) == (1, 1, 1)


def test_two_first_loads_of_a_feed_register_it_once_and_take_its_rows_once(tmp_path, monkeypatch):
    from closeknit.rooms.sensing.actions.load_recipe import load_recipe
    from closeknit.rooms.sensing.models import Batch, Feed, WorkRow

    recipe, alice = str(write_files(tmp_path)), enter("alice")
    meet(monkeypatch, "closeknit.rooms.sensing.actions.register_feed._write")
    outcomes = at_once(*[lambda: load_recipe(recipe, tmp_path, by=alice, at=AT)] * 2)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert all(isinstance(failure, Conflict) for failure in refused), refused
    assert len(refused) < 2
    assert Feed.objects.count() == 1
    assert kinds("feed.registered") == 1
    assert sum(batch.accepted for batch in Batch.objects.all()) == sum(
        outcome.counts.accepted for outcome in outcomes if not isinstance(outcome, Exception)
    )
    rows = WorkRow.objects.count()
    assert rows > 100
    again = load_recipe(recipe, tmp_path, by=alice, at=AT)
    assert again.counts.accepted == 0
    assert WorkRow.objects.count() == rows


def test_a_newer_plan_overtakes_the_drafts_that_still_wait(tmp_path):
    from closeknit.rooms.capacity.models import Plan
    from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal
    from closeknit.rooms.decisions.models import Proposal

    load(tmp_path)
    older, newer = draft(weeks=2), draft(weeks=3)
    states = dict(Plan.objects.values_list("pk", "state"))
    assert states == {older.plan_id: "superseded", newer.plan_id: "draft"}
    assert Proposal.objects.get(pk=older.proposal_id).state == "withdrawn"
    assert kinds("plan.withdrawn") == 1
    with pytest.raises(Conflict, match="withdrawn"):
        approve_proposal(older.proposal_id, reason="Late.", by=enter("carol"), at=AT)


def test_an_approval_and_a_new_plan_at_once_follow_one_another(tmp_path):
    from closeknit.rooms.capacity.models import Plan
    from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal
    from closeknit.rooms.decisions.models import Proposal

    load(tmp_path)
    company, carol = draft(weeks=2), enter("carol")
    enter("alice")

    def commit() -> None:
        approve_proposal(company.proposal_id, reason="Now.", by=carol, at=AT)
        deliver_all()

    approved, drafted = at_once(commit, lambda: draft(weeks=3))
    assert not isinstance(drafted, Exception), drafted
    deliver_all()
    first = Plan.objects.get(pk=company.plan_id).state
    proposal = Proposal.objects.get(pk=company.proposal_id).state
    if approved is None:
        assert (first, proposal) == ("committed", "approved")
    else:
        assert isinstance(approved, Conflict)
        assert (first, proposal) == ("superseded", "withdrawn")
    assert Plan.objects.get(pk=drafted.plan_id).state == "draft"


KILLED = """
import sys, time
from closeknit.web import boot
boot.prepare()
from closeknit.rooms.capacity import compute
real = compute.make_plan
def slow(*args):
    print("planning", flush=True)
    time.sleep(600)
    return real(*args)
compute.make_plan = slow
import threading
from closeknit.kernel import jobs
jobs.run_forever(threading.Event())
"""


def test_a_worker_killed_in_the_middle_of_a_plan_leaves_one_plan_to_the_next(tmp_path, environment, monkeypatch):
    from django.db import connection

    from closeknit.kernel import jobs
    from closeknit.rooms.capacity.actions.start_plan import start_plan
    from closeknit.rooms.capacity.models import Plan
    from closeknit.rooms.decisions.models import Proposal

    load(tmp_path)
    start_plan("warehouse", weeks=2, by=enter("alice"))
    worker = subprocess.Popen([sys.executable, "-c", KILLED], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "planning\n"
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    assert not Plan.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        time.sleep(seconds)

    # What counts is how long the next worker stood idle, not how long the work takes on this machine.
    monkeypatch.setattr(jobs, "time", SimpleNamespace(monotonic=time.monotonic, sleep=nap))
    jobs.run_until_idle()
    assert sum(naps) < 30, "the next worker waited for the dead one"
    assert Plan.objects.count() == Proposal.objects.count() == 1
    assert (kinds("plan.drafted"), kinds("plan.proposed")) == (1, 1)
