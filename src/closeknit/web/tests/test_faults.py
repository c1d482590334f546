"""Error pages: each says what happened, what was kept and what to do, and none needs the database or tells secrets."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from tests.cast import sign_in

from closeknit.web import faults
from closeknit.web.logs import Line

SOURCE = Path(__file__).resolve().parents[3]
EVERY = [one for one in vars(faults).values() if isinstance(one, faults.Fault)]
SECRET = "the-inner-secret-4711"


@pytest.fixture
def browser():
    """A browser that checks tokens of forms, and to which a fault of ours is an answer like any other."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


def is_page(answer, fault: faults.Fault) -> str:
    """The text of an answer that is the page of a fault."""
    text = answer.content.decode()
    assert answer.status_code == fault.status
    assert answer["Content-Type"].startswith("text/html")
    for said in (fault.title, fault.what, fault.kept, fault.todo):
        assert said in text.replace("&#x27;", "'")
    assert re.fullmatch("[0-9a-f]{12}", answer["X-Request-Id"])
    assert answer["X-Request-Id"] in text
    assert "no-store" in answer["Cache-Control"]
    return text


@pytest.mark.parametrize("fault", EVERY, ids=lambda one: f"{one.status}-{one.title.replace(' ', '-')}")
def test_every_page_is_drawn_without_the_database_in_the_house_s_face(fault):
    request = RequestFactory().get(f"/{SECRET}/?q={SECRET}")
    request.number = "0123456789ab"
    text = faults.fault_response(request, fault).content.decode()
    # No `db` here: whatever asked the database would fail. Nor is anything of what was sent repeated.
    assert SECRET not in text
    for part in ("web/tokens.css", "web/theme.js", "What was kept", "What to do", "Go to Today", "0123456789ab"):
        assert part in text
    assert (faults.fault_response(request, fault).headers.get("Retry-After") is None) == (fault.retry_seconds == 0)


def test_a_page_that_asked_the_database_would_be_seen(monkeypatch):
    """The red twin of the test above: one question is enough to fail it."""
    from django.contrib.auth import get_user_model

    monkeypatch.setattr(faults, "render", lambda *_, **__: get_user_model().objects.count())
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        faults.fault_response(RequestFactory().get("/"), faults.NOT_FOUND)


def test_what_cannot_be_read_is_400(browser, db):
    assert SECRET not in is_page(browser.get("/sign-in/", headers={"Host": f"{SECRET}.example"}), faults.UNREADABLE)
    is_page(browser.get("/?x=%00"), faults.UNREADABLE)


def test_a_form_without_the_page_s_token_is_403(browser, db):
    is_page(browser.post("/sign-in/", {"username": "x", "password": SECRET}), faults.FORM_REFUSED)


def test_an_address_that_leads_nowhere_is_404_and_is_not_repeated(browser, db):
    assert SECRET not in is_page(browser.get(f"/{SECRET}/"), faults.NOT_FOUND)


def test_a_form_s_address_opened_like_a_page_is_405(browser, db):
    sign_in(browser, "alice")
    answer = browser.get("/sign-out/")
    is_page(answer, faults.OTHER_METHOD)
    assert answer["Allow"] == "POST"
    assert browser.get("/api/v1/notices/read-all").status_code in (404, 405)


def test_a_form_that_is_too_large_or_in_too_many_parts_is_413(browser, db, settings):
    browser.get("/sign-in/")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    is_page(browser.post("/sign-in/", {"username": "x" * 2000}), faults.TOO_LARGE)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000_000
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    is_page(browser.post("/sign-in/", {f"f{n}": "x" for n in range(9)}), faults.TOO_LARGE)


@pytest.fixture
def page_that(monkeypatch):
    """Let the list of plans fail in a way."""

    def fails(how):
        from closeknit.rooms.capacity import reads

        monkeypatch.setattr(reads, "list_plans", how)

    return fails


def raising(failure: Exception):
    def fail(**_):
        raise failure

    return fail


def test_a_fault_of_ours_is_500_and_its_number_is_in_the_log(browser, alice, page_that, caplog):
    page_that(raising(RuntimeError(SECRET)))
    sign_in(browser, "alice")
    with caplog.at_level(logging.ERROR):
        answer = browser.get("/plans/")
    assert SECRET not in is_page(answer, faults.BROKEN)
    lines = [Line("{levelname} {message}", style="{").format(record) for record in caplog.records]
    mine = [line for line in lines if f"request={answer['X-Request-Id']}" in line]
    assert len(mine) == 1
    assert SECRET in mine[0]


def test_a_tile_says_it_in_its_own_place(browser, alice, page_that, caplog):
    page_that(raising(RuntimeError(SECRET)))
    sign_in(browser, "alice")
    with caplog.at_level(logging.CRITICAL):
        answer = browser.get("/plans/", headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert answer.status_code == 500
    assert "<html" not in text
    assert "The rest of the page stands." in text
    assert SECRET not in text


def test_missing_tables_are_503_and_so_says_the_api(browser, alice, page_that, caplog):
    def ask_for_a_table(**_):
        with connection.cursor() as cursor:
            cursor.execute("select * from table_of_a_later_version")

    page_that(ask_for_a_table)
    sign_in(browser, "alice")
    with caplog.at_level(logging.CRITICAL):
        answer = browser.get("/plans/")
    assert "table_of_a_later_version" not in is_page(answer, faults.OLD_TABLES)
    assert answer["Retry-After"] == str(faults.RETRY_SECONDS)


def test_a_database_that_is_gone_is_503_on_pages_and_by_the_api(browser, alice, page_that, caplog):
    lost = OperationalError(SECRET)
    lost.__cause__ = psycopg.OperationalError(SECRET)
    page_that(raising(lost))
    sign_in(browser, "alice")
    with caplog.at_level(logging.CRITICAL):
        page, program = browser.get("/plans/"), browser.get("/api/v1/plans")
    assert SECRET not in is_page(page, faults.NO_DATABASE)
    assert (program.status_code, program["Content-Type"]) == (503, "application/problem+json")
    assert program.json()["code"] == "unavailable"
    assert SECRET not in program.content.decode()
    assert program["Retry-After"] == str(faults.RETRY_SECONDS)


def test_other_troubles_of_the_database_are_faults_of_ours():
    """The red twin: a deadlock or a broken statement is no reason to say that the database is away."""
    for cause in (psycopg.errors.DeadlockDetected(), psycopg.errors.SyntaxError(), psycopg.errors.UniqueViolation()):
        failure = OperationalError("x")
        failure.__cause__ = cause
        assert faults.fault_of(failure) is faults.BROKEN
    assert faults.fault_of(RuntimeError("no such table")) is faults.BROKEN
    assert faults.fault_of(None) is faults.BROKEN


WITHOUT_DATABASE = """
import django; django.setup()
from django.test import Client
client = Client(raise_request_exception=False, HTTP_HOST="127.0.0.1")
client.cookies["sessionid"] = "a" * 32
for path in ("/", "/api/v1/plans", "/sign-in/"):
    answer = client.get(path)
    print(answer.status_code, answer["Content-Type"].split(";")[0], "cannot be reached" in answer.content.decode())
"""


def test_a_server_whose_database_does_not_answer_says_so(tmp_path):
    (tmp_path / "static").mkdir()
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("CLOSEKNIT_", "DJANGO_"))},
        "CLOSEKNIT_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "closeknit.web.settings",
        "DATABASE_URL": f"postgresql://nobody@/none?host={tmp_path}",
        "PYTHONPATH": str(SOURCE),
    }
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_DATABASE], env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.stdout.splitlines() == [
        "503 text/html True",
        "503 application/problem+json False",
        "503 text/html True",
    ], done.stderr
