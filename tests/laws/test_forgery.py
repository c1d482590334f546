"""Other sites change nothing here: every operation that changes something refuses what another site could send."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.cast import enter
from tests.laws.test_matrix import ROWS, Row, places  # noqa: F401 - a fixture

UNSAFE = [row for row in ROWS if row.method != "GET"]
SAFE = [row for row in ROWS if row.method == "GET"]
A_LINE = "select(?= decisions_write_)"
WRITES = re.compile(rf"^\s*(?:insert into|update|delete from|truncate|copy|{A_LINE})\s+\"?(\w+)", re.I)
OF_THE_SESSION = {"kernel_session", "kernel_cache", "kernel_try"}
EVIL = "https://evil.example"


def browser_of(username: str) -> tuple[Client, str]:
    """A strict browser in which a person is signed in, and the right token for forms."""
    from django.contrib.auth import get_user_model

    enter(username)
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(get_user_model().objects.get(username=username))
    client.get("/you/")
    return client, client.cookies["csrftoken"].value


def changes(queries: CaptureQueriesContext) -> list[str]:
    """The tables that were written to, apart from what sign-in notes for itself."""
    written = [match[1] for query in queries if (match := WRITES.match(query["sql"]))]
    return [table for table in written if table not in OF_THE_SESSION]


def send(client: Client, row: Row, places: dict, headers: dict, content_type: str = "") -> tuple[int, list[str]]:  # noqa: F811
    is_api = row.address.startswith("/api/")
    usual = "application/json" if is_api else "application/x-www-form-urlencoded"
    with CaptureQueriesContext(connection) as queries:
        address = row.address.format(**places)
        answer = client.post(address, row.body, content_type=content_type or usual, headers=headers)
    return answer.status_code, changes(queries)


TRICKS = {
    "no token": lambda token: ({}, ""),
    "another token": lambda token: ({"X-CSRFToken": "x" * 64}, ""),
    "an empty token": lambda token: ({"X-CSRFToken": ""}, ""),
    "another site's origin, with the right token": lambda token: ({"X-CSRFToken": token, "Origin": EVIL}, ""),
    "an origin that is hidden": lambda token: ({"X-CSRFToken": token, "Origin": "null"}, ""),
    "plain text, which forms can send": lambda token: ({}, "text/plain"),
    "a form, which forms can send": lambda token: ({}, "application/x-www-form-urlencoded"),
    "a form of parts": lambda token: ({}, "multipart/form-data; boundary=x"),
    "another method in a header": lambda token: ({"X-HTTP-Method-Override": "GET"}, ""),
}


def test_every_operation_refuses_what_another_site_could_send(places):  # noqa: F811
    client, token = browser_of("erin")
    assert len(UNSAFE) >= 10
    found = []
    for name, trick in TRICKS.items():
        for row in UNSAFE:
            headers, content_type = trick(token)
            found.append((name, row.address, *send(client, row, places, headers, content_type)))
    # A hook knows no browser's session, only signatures: without one it is 401.
    refused = {True: (401, []), False: (403, [])}
    assert [f for f in found if f[2:] != refused[f[1].startswith("/api/v1/hooks/")]] == []


def test_red_twin_with_its_own_token_and_origin_an_operation_is_taken(places):  # noqa: F811
    client, token = browser_of("erin")
    row = next(row for row in UNSAFE if row.address == "/you/tokens/issue/")
    status, written = send(client, row, places, {"X-CSRFToken": token, "Origin": "http://testserver"})
    assert (status, "org_api_token" in written) == (200, True)


OVERRIDES = ({}, {"X-HTTP-Method-Override": "POST"}, {"X-HTTP-Method": "POST"}, {"X-Method-Override": "POST"})


def test_no_operation_that_changes_something_answers_to_get(places):  # noqa: F811
    client, token = browser_of("erin")
    shared = {row.address.partition("?")[0] for row in SAFE}
    for row in UNSAFE:
        address = row.address.format(**places)
        glue = "&" if "?" in address else "?"
        for headers in OVERRIDES:
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(f"{address}{glue}_method=POST", headers={**headers, "X-CSRFToken": token})
            assert answer.status_code == 405 or row.address.partition("?")[0] in shared, row.address
            assert changes(queries) == [], row.address


def test_no_get_changes_anything(places):  # noqa: F811
    client, _ = browser_of("erin")
    for row in SAFE:
        with CaptureQueriesContext(connection) as queries:
            client.get(row.address.format(**places))
        assert changes(queries) == [], row.address


@pytest.mark.parametrize("origin", [EVIL, "null", "http://testserver.evil.example", "http://testserver:8080"])
def test_another_site_does_not_even_sign_in(client, alice, origin):
    from tests.cast import PASSWORD

    strict = Client(enforce_csrf_checks=True)
    strict.get("/sign-in/")
    form = {
        "username": "alice",
        "password": PASSWORD,
        "csrfmiddlewaretoken": strict.cookies["csrftoken"].value,
    }
    assert strict.post("/sign-in/", form, headers={"Origin": origin}).status_code == 403
    assert strict.get("/you/").status_code == 302
    assert strict.post("/sign-in/", form, headers={"Origin": "http://testserver"}).status_code == 302


def test_nobody_reads_our_answers_from_another_site(places):  # noqa: F811
    client, _ = browser_of("erin")
    for address in ("/api/v1/plans", "/you/", "/api/v1/openapi.json"):
        answer = client.get(address, headers={"Origin": EVIL})
        assert [name for name in answer.headers if name.lower().startswith("access-control")] == []
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    preflight = client.options("/api/v1/plans", headers={"Origin": EVIL, "Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 405
    assert json.loads(preflight.content)["code"] == "method_not_allowed"
