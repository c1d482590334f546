"""Analysis does not hurt operations: heavy reads have few places, bounds of their own, and end; pages go on."""

import asyncio
import os
import threading

import pytest
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from django.urls import resolve
from tests.cast import sign_in

from closeknit.kernel import analysis as bounds
from closeknit.kernel import jobs
from closeknit.web import analysis

EXPORT = "/feed-conflicts/?format=csv"


def setting(name):
    with connection.cursor() as cursor:
        cursor.execute(f"show {name}")
        return cursor.fetchone()[0]


@pytest.fixture
def one_place(monkeypatch):
    places = analysis._Places(1, 0, 0.0)
    monkeypatch.setattr(analysis, "places", places)
    return places


def patterns(found, before=""):
    for part in found:
        here = before + str(part.pattern)
        yield from patterns(part.url_patterns, here) if hasattr(part, "url_patterns") else [here]


def test_every_heavy_route_exists():
    from closeknit.web.urls import urlpatterns

    assert set(patterns(urlpatterns)) >= analysis.ROUTES


@pytest.mark.django_db
def test_without_a_place_an_export_comes_again_and_a_page_goes_on(client, accounts, one_place):
    sign_in(client, "alice")
    assert one_place.take()
    refused = client.get(EXPORT)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert b"Try again" in refused.content
    api = client.get("/api/v1/forecast-accuracy")
    assert (api.status_code, api.json()["code"]) == (503, "busy")
    assert client.get("/feed-conflicts/").status_code == 200
    one_place.give_back()
    assert client.get(EXPORT).status_code == 200


@pytest.mark.django_db
def test_a_place_is_given_back_when_the_answer_is_out_or_refused(client, accounts, one_place):
    sign_in(client, "alice")
    for _ in range(3):
        never_read = client.get(EXPORT)
        assert never_read.status_code == 200
        assert b"".join(client.get(EXPORT).streaming_content)
        assert client.get("/feed-conflicts/?format=xlsx").status_code == 200
        assert client.get("/lineage/plan/00000000-0000-0000-0000-000000000007/").status_code == 404
        assert client.get("/api/v1/lineage/plan/00000000-0000-0000-0000-000000000007").status_code == 404


def asked(path, answer):
    request = RequestFactory().get(path)
    request.resolver_match = resolve("/feeds/")

    def respond(sent):
        assert middleware.process_view(sent, None, (), {}) is None
        return answer()

    middleware = analysis.FewAtOnce(respond)
    return middleware(request)


@pytest.mark.django_db
def test_a_heavy_read_has_its_bounds_also_while_it_is_streamed_and_nobody_else_has_them(one_place):
    before = {name: setting(name) for name in bounds.OF_A_READ}
    seen = []

    def look():
        seen.append({name: setting(name) for name in bounds.OF_A_READ})
        return b"x"

    asked("/?format=csv", lambda: HttpResponse(look()))
    streamed = asked("/?format=csv", lambda: StreamingHttpResponse(look() for _ in range(2)))
    assert {name: setting(name) for name in bounds.OF_A_READ} == before
    assert list(streamed) == [b"x", b"x"]
    asked("/", lambda: HttpResponse(look()))
    heavy = {"max_parallel_workers_per_gather": "0", "statement_timeout": "1min", "work_mem": "32MB"}
    assert seen == [heavy, heavy, heavy, before]
    assert {name: setting(name) for name in bounds.OF_A_READ} == before
    assert one_place.take()


@pytest.mark.django_db(transaction=True)
def test_a_read_that_takes_too_long_is_stopped_and_said_so(client, accounts, monkeypatch):
    from closeknit.rooms.sensing.pages import feeds

    def slow(**_):
        with connection.cursor() as cursor:
            cursor.execute("select pg_sleep(30)")

    monkeypatch.setattr(bounds, "OF_A_READ", bounds.OF_A_READ | {"statement_timeout": "20ms"})
    monkeypatch.setattr(feeds.reads, "list_feeds", slow)
    sign_in(client, "alice")
    answer = client.get("/feeds/?format=csv")
    assert (answer.status_code, b"was stopped" in answer.content) == (503, True)


def test_a_place_that_comes_free_in_time_is_taken():
    places = analysis._Places(1, 1, 240.0)
    assert places.take()
    waiting = threading.Thread(target=places.take)
    waiting.start()
    places.give_back()
    waiting.join(240)
    assert not waiting.is_alive()
    hasty = analysis._Places(1, 1, 0.0)
    assert [hasty.take(), hasty.take()] == [True, False]


def test_jobs_step_back_and_what_is_due_at_once_does_not():
    async def niceness():
        await_stop = threading.Event()
        await_stop.set()
        work = asyncio.create_task(jobs._work(await_stop))
        await work
        return await asyncio.get_running_loop().run_in_executor(None, own)

    def own():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    usual = own()
    assert asyncio.run(niceness()) == min(19, max(usual, bounds.NICENESS))
    assert own() == usual


@pytest.mark.django_db(transaction=True)
def test_a_job_reads_on_one_core():
    with connection.cursor():
        bounds.keep_to_one_core()
    try:
        assert setting("max_parallel_workers_per_gather") == "0"
    finally:
        connection.close()
    assert setting("max_parallel_workers_per_gather") != "0"
