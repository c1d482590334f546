"""What protects the program from outside: errors with codes, headers, cookies, sessions, tokens, production."""

import json
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from tests.cast import PASSWORD, sign_in, token_of

from closeknit.kernel.cells import csv_cell, read_cell

SOURCE = Path(__file__).resolve().parents[3]
HEADERS = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
)


@pytest.fixture
def browser(db):
    """A browser that checks tokens of forms, and to which a fault of ours is an answer like any other."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


def bearer(username: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(username)}"}


def problem(answer, status: int, code: str) -> dict:
    """The problem document of an answer, with the status and code it should have."""
    assert answer["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["type"] == f"urn:closeknit:problem:{code}"
    assert body["detail"]
    return body


# ---- errors below /api


def test_without_credentials_or_with_wrong_ones_a_program_hears_401(browser):
    for headers in (
        {},
        {"Authorization": "Bearer ck_wrong"},
        {"Authorization": "Basic x"},
        {"Authorization": "Bearer"},
    ):
        answer = browser.get("/api/v1/plans", headers=headers)
        problem(answer, 401, "not_signed_in")
        assert answer["WWW-Authenticate"] == "Bearer"
        problem(
            browser.post("/api/v1/plans", "{}", content_type="application/json", headers=headers), 401, "not_signed_in"
        )


def test_an_unknown_address_below_api_is_a_problem(browser):
    for path in ("/api/", "/api/v1/", "/api/v1/nothing", "/api/v2/plans", "/api/v1/plans/"):
        problem(browser.get(path), 404, "not_found")


def test_another_method_is_a_problem_that_names_those_there_are(browser):
    answer = browser.delete("/api/v1/plans", headers=bearer("alice"))
    problem(answer, 405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) == {"GET", "POST"}


def test_a_body_that_is_not_json_is_malformed(browser):
    answer = browser.post("/api/v1/plans", "{", content_type="application/json", headers=bearer("alice"))
    problem(answer, 400, "malformed")


def test_a_value_out_of_range_is_invalid_and_says_where(browser):
    body = problem(browser.get("/api/v1/plans?limit=0", headers=bearer("alice")), 422, "invalid")
    assert body["where"] == "query.limit"


@pytest.mark.parametrize("path", ["/api/v1/plans", "/api/v1/feeds/x/batches?stream=y"])
def test_a_body_that_is_too_large_is_refused(browser, settings, path):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = browser.post(path, " " * 2000, content_type="application/json", headers=bearer("alice"))
    problem(answer, 413, "too_large")


def test_a_fault_of_ours_is_a_problem_without_its_details(browser, monkeypatch, caplog):
    from closeknit.rooms.capacity import reads

    def fail(**_):
        raise RuntimeError("the inner secret")

    monkeypatch.setattr(reads, "list_plans", fail)
    with caplog.at_level(logging.CRITICAL):
        answer = browser.get("/api/v1/plans", headers=bearer("alice"))
    problem(answer, 500, "error")
    assert b"secret" not in answer.content


def test_another_host_is_a_problem_and_a_page_without_a_frame(browser):
    problem(browser.get("/api/v1/plans", headers={"Host": "evil.example"}), 400, "malformed")
    page = browser.get("/sign-in/", headers={"Host": "evil.example"})
    assert page.status_code == 400
    assert b"cannot be read" in page.content


@pytest.mark.parametrize("cookie", ["sessionid", "csrftoken", "messages"])
def test_a_nul_character_in_a_cookie_is_refused(browser, cookie):
    answer = browser.get("/", headers={"Cookie": f'{cookie}="abcdefghij\\000"'})
    assert answer.status_code == 400


# ---- sessions


def test_a_session_writes_only_with_the_pages_token(browser):
    sign_in(browser, "alice")
    browser.get("/")
    path, body = "/api/v1/plans", {"operation": "none"}
    problem(browser.post(path, body, content_type="application/json"), 403, "csrf")
    wrong = {"X-CSRFToken": "x" * 64}
    problem(browser.post(path, body, content_type="application/json", headers=wrong), 403, "csrf")
    right = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    problem(browser.post(path, body, content_type="application/json", headers=right), 422, "invalid")


def test_a_bearer_token_needs_no_pages_token_and_leaves_no_session(browser):
    answer = browser.post(
        "/api/v1/plans", {"operation": "none"}, content_type="application/json", headers=bearer("alice")
    )
    problem(answer, 422, "invalid")
    assert "sessionid" not in answer.cookies


def test_signing_in_changes_the_session_and_signing_out_ends_it(client, alice):
    client.get("/sign-in/")
    session = client.session
    session["planted"] = "yes"
    session.save()
    client.cookies["sessionid"] = before = session.session_key
    client.post("/sign-in/", {"username": "alice", "password": PASSWORD})
    after = client.cookies["sessionid"].value
    assert after != before
    client.post("/sign-out/")
    stolen = Client()
    stolen.cookies["sessionid"] = after
    assert stolen.get("/").status_code == 302


def test_whoever_is_locked_out_loses_session_and_tokens_at_once(client, browser):
    from django.contrib.auth import get_user_model

    sign_in(client, "alice")
    headers = bearer("alice")
    assert browser.get("/api/v1/plans", headers=headers).status_code == 200
    get_user_model().objects.filter(username="alice").update(is_active=False)
    assert client.get("/plans/").status_code == 302
    problem(browser.get("/api/v1/plans", headers=headers), 401, "not_signed_in")


@pytest.mark.parametrize(
    "there", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "https:evil"]
)
def test_nothing_leads_to_another_site(client, alice, there):
    answer = client.post(f"/sign-in/?next={there}", {"username": "alice", "password": PASSWORD})
    assert answer["Location"] == "/"


def test_deciding_leads_back_only_within_the_site(client, accounts, alice):
    from closeknit.web.tests.scene import build

    scene = build(accounts, alice)
    sign_in(client, "carol")
    form = {"answer": "approve", "reason": "Yes.", "back": "//evil.example/"}
    answer = client.post(f"/proposals/{scene.proposal_id}/decide/", form)
    assert answer["Location"] == f"/threads/{scene.thread_id}/"


def test_no_token_and_no_password_is_logged(browser, alice, caplog):
    with caplog.at_level(logging.DEBUG):
        headers = bearer("alice")
        browser.get("/api/v1/plans", headers=headers)
        browser.get("/api/v1/plans", headers={"Authorization": "Bearer ck_not-a-token-of-ours"})
        browser.get("/sign-in/")
        form = {"username": "alice", "password": "wrong-password-4711"}
        browser.post("/sign-in/", {**form, "csrfmiddlewaretoken": browser.cookies["csrftoken"].value})
    said = caplog.text + "".join(str(record.args) for record in caplog.records)
    assert "GET /api" in said or "/api/v1/plans" in said
    for secret in (headers["Authorization"].split()[1], "ck_not-a-token-of-ours", "wrong-password-4711"):
        assert secret not in said


# ---- headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 302),
        ("/sign-in/", 200),
        ("/no-such-page/", 404),
        ("/static/web/app.js", 200),
        ("/static/no-such-file.js", 404),
        ("/api/v1/openapi.json", 200),
        ("/api/v1/plans", 401),
        ("/api/v1/none", 404),
        ("/?x=%00", 400),
        ("/sign-out/", 405),
    ],
)
def test_every_answer_has_the_headers_that_protect(browser, path, status):
    if path == "/sign-out/":
        sign_in(browser, "alice")
    answer = browser.get(path)
    assert answer.status_code == status
    assert [name for name in HEADERS if name not in answer.headers] == []
    if not path.startswith("/static/web/"):
        assert "no-store" in answer["Cache-Control"]


def test_a_fault_of_ours_has_them_too(browser, monkeypatch, caplog):
    from closeknit.rooms.capacity import reads

    monkeypatch.setattr(reads, "list_plans", lambda **_: 1 / 0)
    sign_in(browser, "alice")
    with caplog.at_level(logging.CRITICAL):
        answer = browser.get("/plans/")
    assert answer.status_code == 500
    assert [name for name in HEADERS if name not in answer.headers] == []
    assert b"ZeroDivision" not in answer.content


# ---- production


def in_production(code: str, tmp_path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run code with the settings of production."""
    (tmp_path / "static").mkdir(exist_ok=True)
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("CLOSEKNIT_", "DJANGO_"))},
        "CLOSEKNIT_PRODUCTION": "1",
        "CLOSEKNIT_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "closeknit.web.settings",
        "PYTHONPATH": str(SOURCE),
        **more,
    }
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=240)


CHECK = """
from django.core.management import execute_from_command_line
execute_from_command_line(["", "check", "--deploy", "--fail-level", "WARNING"])
"""
ANSWERS = """
import django; django.setup()
from django.test import Client
plain = Client().get("/sign-in/", headers={"Host": "localhost"})
print(plain.status_code, plain["Location"])
claimed = Client().get("/sign-in/", headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
print(claimed.status_code)
tls = Client().get("/sign-in/", secure=True, headers={"Host": "localhost"})
print(tls.status_code, tls["Strict-Transport-Security"])
from django.conf import settings
names = settings.SESSION_COOKIE_NAME, settings.KNOWN_COOKIE_NAME
print(*names, settings.SESSION_COOKIE_AGE, settings.SESSION_COOKIE_SECURE)
for name, cookie in sorted(tls.cookies.items()):
    print(name, bool(cookie["secure"]), cookie["samesite"], cookie["path"], repr(cookie["domain"]))
"""


def test_djangos_own_check_of_a_deployment_finds_nothing(tmp_path):
    done = in_production(CHECK, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


BROKEN = """
import django; django.setup()
from django.conf import settings
from django.core.checks import WARNING, run_checks
from django.test import override_settings

def without(name):
    return [m for m in settings.MIDDLEWARE if not m.endswith(name)]

broken = [
    ("MIDDLEWARE", without("SecurityMiddleware")),
    ("MIDDLEWARE", without("XFrameOptionsMiddleware")),
    ("MIDDLEWARE", without("CsrfViewMiddleware")),
    ("SECURE_HSTS_SECONDS", 0),
    ("SECURE_HSTS_INCLUDE_SUBDOMAINS", False),
    ("SECURE_HSTS_PRELOAD", False),
    ("SECURE_CONTENT_TYPE_NOSNIFF", False),
    ("SECURE_SSL_REDIRECT", False),
    ("SECURE_REFERRER_POLICY", None),
    ("SECURE_CROSS_ORIGIN_OPENER_POLICY", "anything"),
    ("SECRET_KEY", "django-insecure-short"),
    ("SESSION_COOKIE_SECURE", False),
    ("SESSION_COOKIE_HTTPONLY", False),
    ("CSRF_COOKIE_SECURE", False),
    ("DEBUG", True),
    ("X_FRAME_OPTIONS", "SAMEORIGIN"),
    ("ALLOWED_HOSTS", []),
]
for name, value in broken:
    with override_settings(**{name: value}):
        found = [m.id for m in run_checks(include_deployment_checks=True) if m.level >= WARNING]
    print(name, bool(found), *found)
"""


def test_each_setting_that_protects_is_missed_by_the_check_when_it_is_broken(tmp_path):
    done = in_production(BROKEN, tmp_path)
    lines = done.stdout.splitlines()
    assert len(lines) == 17, done.stderr
    assert [line for line in lines if line.split()[1] != "True"] == []


HALF = {"CLOSEKNIT_OIDC_ISSUER": "https://login.company.example"}


@pytest.mark.parametrize(
    "more",
    [
        HALF,
        {**HALF, "CLOSEKNIT_OIDC_CLIENT_ID": "us"},
        {**HALF, "CLOSEKNIT_OIDC_CLIENT_ID": "us", "CLOSEKNIT_OIDC_SECRET": "s", "CLOSEKNIT_OIDC_ISSUER": "http://x.y"},
    ],
)
def test_half_a_company_sign_in_does_not_start(tmp_path, more):
    done = in_production("from closeknit.web import settings", tmp_path, **more)
    assert done.returncode != 0
    assert "CLOSEKNIT_OIDC" in done.stderr.splitlines()[-1]


def test_the_companys_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "secret").write_text("s3cret\n")
    more = {"CLOSEKNIT_OIDC_CLIENT_ID": "us", "CLOSEKNIT_OIDC_SECRET_FILE": str(tmp_path / "secret")}
    code = "from closeknit.web import settings; print(settings.SINGLE_SIGN_ON['secret'])"
    assert in_production(code, tmp_path, **HALF, **more).stdout == "s3cret\n"


def test_in_production_only_tls_answers_and_cookies_are_bound_to_it(tmp_path):
    lines = in_production(ANSWERS, tmp_path).stdout.splitlines()
    assert lines[0] == "301 https://localhost/sign-in/"
    assert lines[1] == "301"
    assert lines[2].startswith("200 max-age=31536000")
    assert lines[3] == "__Host-session __Host-known 1800 True"
    assert lines[4] == "__Host-csrf True Lax / ''"
    behind = in_production(ANSWERS, tmp_path, CLOSEKNIT_BEHIND_PROXY="1").stdout.splitlines()
    assert behind[1] == "200"


def test_processes_that_start_together_share_one_secret_key(tmp_path):
    home = tmp_path / "home"
    code = "from closeknit.web import settings; print(settings.SECRET_KEY)"
    environment = {k: v for k, v in os.environ.items() if k != "CLOSEKNIT_SECRET_KEY"}
    environment |= {"CLOSEKNIT_HOME": str(home), "PYTHONPATH": str(SOURCE)}
    running = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    keys = {process.communicate(timeout=240)[0].strip() for process in running}
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    assert (home / "secret-key").stat().st_mode & 0o077 == 0
    assert [path.name for path in home.iterdir()] == ["secret-key"]


# ---- people


@pytest.mark.parametrize(
    ("username", "name", "password", "where"),
    [
        ("frida", "Frida", "short", "password"),
        ("frida", "Frida", "password1", "password"),
        ("frida", "Frida", "", "password"),
        ("", "Frida", PASSWORD, "username"),
        ("fri da", "Frida", PASSWORD, "username"),
        ("frida\x00", "Frida", PASSWORD, "username"),
        ("x" * 151, "Frida", PASSWORD, "username"),
        ("frida", " ", PASSWORD, "name"),
        ("frida", "F" * 121, PASSWORD, "name"),
    ],
)
def test_a_person_needs_a_plain_user_name_and_a_password_that_is_hard_to_guess(erin, username, name, password, where):
    from django.contrib.auth import get_user_model

    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.org.actions.create_person import create_person

    with pytest.raises(Invalid) as refused:
        create_person(username=username, name=name, password=password, by=erin)
    assert refused.value.where == where
    assert get_user_model().objects.count() == 1


# ---- exports


@given(st.text())
def test_any_text_survives_an_export_and_none_begins_a_formula(text):
    cell = csv_cell(text)
    assert read_cell(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize("text", ["=1+1", "'=1", "''=1", "'", "'tis", "-5", "\t=1", "plain", ""])
def test_apostrophes_before_formulas_are_told_from_those_that_were_there(text):
    assert read_cell(csv_cell(text)) == text


def test_a_formula_does_not_hide_behind_another_separator(rf):
    import csv
    import io

    from closeknit.kernel.exports import csv_response

    row = ["a;=1+1", 'b"";=2', "c\n=3", "d,e", Decimal("-5.50"), -1.5, datetime(2026, 1, 1, tzinfo=UTC)]
    body = b"".join(csv_response("x", [*"abcdefg"], [row]).streaming_content).decode("utf-8-sig")
    assert '"a;=1+1"' in body
    read = list(csv.reader(io.StringIO(body, newline="")))[1]
    assert read == [*row[:4], "-5.50", "-1.5", "2026-01-01T00:00:00+00:00"]
