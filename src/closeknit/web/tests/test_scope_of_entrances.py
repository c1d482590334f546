"""Every entrance tells the database who acts: pages, streamed files, API by session and token, commands, news, jobs.

Each test looks at what the database itself would show at that moment, whatever the program's own filters do.
"""

import argparse
import threading
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from tests.cast import sign_in

from closeknit.kernel import events, jobs
from closeknit.kernel.exports import csv_response
from closeknit.kernel.scope import acting_as
from closeknit.rooms.org.actions.issue_token import issue_token
from closeknit.rooms.org.reads import CONSOLE_KEY, SYSTEM_KEY, console_actor
from closeknit.web import cli

ALL = {"ACME", "BOLT", "CRUMB"}


def shown() -> set[str]:
    """Ask the database which accounts it shows right now."""
    with connection.cursor() as cursor:
        cursor.execute("select account_number from customers_account")
        return {number for (number,) in cursor.fetchall()}


@pytest.fixture
def looks(monkeypatch):
    """Note what the database shows whenever the product looks for accounts by page or API."""
    from closeknit.rooms.customers import reads

    seen: list[set[str]] = []
    real = reads.list_accounts

    def list_accounts(*args, **options):
        seen.append(shown())
        return real(*args, **options)

    monkeypatch.setattr(reads, "list_accounts", list_accounts)
    return seen


@pytest.mark.parametrize(("username", "sees"), [("alice", ALL), ("bob", {"ACME"})])
def test_pages_and_the_api_by_session(client, accounts, looks, username, sees):
    sign_in(client, username)
    assert client.get("/accounts/").status_code == 200
    assert client.get("/api/v1/accounts").status_code == 200
    assert looks
    assert all(look == sees for look in looks)


def test_the_api_by_token_acts_as_the_tokens_person(client, accounts, looks, bob):
    token = issue_token(label="program", by=bob).token
    answer = client.get("/api/v1/accounts", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert looks
    assert all(look == {"ACME"} for look in looks)


def test_a_streamed_file_is_made_in_scope_after_the_request_has_ended(accounts, rf, bob):
    from closeknit.web.middleware import ActorOnRequest

    request = rf.get("/file/")
    request.user = SimpleNamespace(is_authenticated=True, pk=_user_of(bob))

    def view(_request):
        return csv_response("file", ["account"], ([number] for number in [*sorted(shown()), *(["later"] * 3)]))

    answer = ActorOnRequest(view)(request)
    before = shown()
    text = b"".join(answer.streaming_content).decode()
    assert "ACME" in text
    assert "BOLT" not in text
    assert shown() == before == ALL


def test_after_a_request_nothing_of_it_is_left(client, accounts):
    sign_in(client, "bob")
    client.get("/accounts/")
    assert shown() == ALL
    client.get("/accounts/NO-SUCH/")
    assert shown() == ALL


@pytest.mark.parametrize(("username", "sees"), [("", ALL), ("bob", {"ACME"}), ("dave", set())])
def test_commands(accounts, bob, dave, monkeypatch, username, sees):
    seen: list[set[str]] = []

    def run(_args: argparse.Namespace) -> int:
        seen.append(shown())
        return 0

    def build_parser() -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser()
        parser.set_defaults(run=run, as_name=username)
        return parser

    monkeypatch.setattr(cli, "build_parser", build_parser)
    monkeypatch.setattr("closeknit.web.boot.prepare", lambda **_: None)
    assert cli.main([]) == 0
    assert seen == [sees]
    assert shown() == ALL


def test_news_is_heard_with_the_rights_of_who_caused_it(accounts, bob, monkeypatch):
    seen: list[set[str]] = []
    monkeypatch.setattr(events._wiring, "by_path", {"here": lambda _event, _context: seen.append(shown())})
    for actor_key in (bob.key, SYSTEM_KEY, CONSOLE_KEY):
        events._run(_delivery(actor_key))
    assert seen == [{"ACME"}, ALL, ALL]
    assert shown() == ALL


def test_jobs_act_with_the_rights_of_who_asked_and_without_anyone_see_nothing(accounts, bob, monkeypatch):
    seen: list[set[str]] = []

    def look(by: str) -> None:
        seen.append(shown())

    def look_unasked() -> None:
        seen.append(shown())

    monkeypatch.setattr(jobs.connection, "close", lambda: None)
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)
    context = _context()
    for by in (bob.key, SYSTEM_KEY):
        _body_of(look)(context, by=by)
    _body_of(look_unasked)(context)
    assert seen == [{"ACME"}, ALL, set()]


def test_a_job_of_somebody_who_is_gone_sees_nothing(accounts, bob, monkeypatch, django_user_model):
    seen: list[set[str]] = []

    def look(by: str) -> None:
        seen.append(shown())

    monkeypatch.setattr(jobs.connection, "close", lambda: None)
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)
    django_user_model.objects.filter(pk=_user_of(bob)).update(is_active=False)
    _body_of(look)(_context(), by=bob.key)
    assert seen == [set()]


def test_the_workers_upkeep_sees_everything(transactional_db, monkeypatch):
    stop = threading.Event()
    seen: list[str] = []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('closeknit.scope', true)")
            seen.append(cursor.fetchone()[0])
        stop.set()

    with acting_as(console_actor()):
        jobs._repeat(stop, jobs._Upkeep(look, 0.01))
    assert seen == ["all"]


def _user_of(actor) -> int:
    from closeknit.rooms.org.models import Person

    return Person.objects.get(pk=int(actor.key.partition(":")[2])).user_id


def _delivery(actor_key: str):
    from uuid import uuid4

    from closeknit.kernel.models import Delivery, EventRow
    from closeknit.rooms.demand.contracts import ForecastRefreshed

    with transaction.atomic():
        row = EventRow.objects.create(
            uid=uuid4(),
            name=ForecastRefreshed.__name__,
            thread_id=uuid4(),
            actor_key=actor_key,
            body={"thread_id": str(uuid4()), "run_id": str(uuid4()), "operation": "warehouse"},
        )
        return Delivery.objects.create(event=row, listener="here")


def _context():
    return SimpleNamespace(job=SimpleNamespace(id=1, task_name="look", attempts=0))


def _body_of(function):
    """Return what the worker calls for a job, without registering the job for good."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "app", SimpleNamespace(task=lambda **_: lambda run: run))
        return jobs.job(function)
