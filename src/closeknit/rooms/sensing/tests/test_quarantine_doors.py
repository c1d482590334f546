"""Quarantine by page, API and command line."""

import json

import pytest
from tests.cast import sign_in

from closeknit.rooms.sensing.models import QuarantinedRow
from closeknit.rooms.sensing.tests.small import call, load, write_calls
from closeknit.rooms.sensing.tests.test_doors import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(tmp_path, alice):
    bad = [call(n, calls="<b>x</b>") for n in (2, 3, 4)]
    load(write_calls(tmp_path, [call(1), *bad, call(5, kind="test"), call(6, kind="test")]), alice)
    return list(QuarantinedRow.objects.order_by("line"))


def test_the_page_filters_mends_and_says_what_is_still_wrong(client, rows):
    sign_in(client, "alice")
    page = client.get("/feeds/small/quarantine/?code=test-call").content.decode()
    assert "Call 5 was a test." in page
    assert "line 3" not in page
    at = f"/feeds/small/quarantine/{rows[0].pk}/"
    page = client.get(at).content.decode()
    assert "<b>x</b>" not in page
    assert page.count('aria-invalid="true"') == 1
    answer = client.post(f"{at}mend/", {"value:calls": "still wrong", "why": "A try."})
    assert answer.status_code == 422
    assert b"Still refused" in answer.content
    assert b'value="still wrong"' in answer.content
    assert client.post(f"{at}mend/", {"value:calls": "2", "why": ""}).status_code == 422
    assert client.post(f"{at}mend/", {"value:calls": "2", "why": "Counted."}).status_code == 302
    assert b"accepted" in client.get("/feeds/small/quarantine/?settled=on").content
    alike = {"code": "not-a-number", "column": "calls", "to": "1", "why": "Counted."}
    assert client.post("/feeds/small/quarantine/mend-alike/", alike, follow=True).status_code == 200
    assert QuarantinedRow.objects.filter(released_at=None).count() == 2
    client.post(f"/feeds/small/quarantine/{rows[-1].pk}/set-aside/", {"why": "A test."})
    export = b"".join(client.get("/feeds/small/quarantine/?format=csv&settled=on").streaming_content)
    assert export.count(b"\n") == 6


def test_the_api_says_what_is_wrong_and_mends(client, rows):
    sign_in(client, "alice")
    reasons = client.get("/api/v1/feeds/small/quarantine/reasons").json()
    assert [(r["code"], r["rows"]) for r in reasons] == [("not-a-number", 3), ("test-call", 2)]
    shown = client.get(f"/api/v1/quarantine/{rows[0].pk}").json()
    assert [p["columns"] for p in shown["problems"]] == [["calls"]]

    def post(path, **body):
        return client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json")

    assert post(f"/quarantine/{rows[0].pk}/mend", values={"calls": "2"}, why="So.").json()["accepted"] == 1
    many = post("/feeds/small/quarantine/mend", code="not-a-number", column="calls", to="1", why="So.").json()
    assert (many["rows"], many["accepted"]) == (2, 2)
    assert post("/quarantine/set-aside", row_ids=[rows[-1].pk], why="Test.").json() == {"rows": 1}
    assert client.get("/api/v1/feeds/small").json()["counts"] == {
        "read": 6,
        "accepted": 4,
        "quarantined": 2,
        "duplicate": 0,
    }


def test_the_command_line_mends(capsys, alice, rows):
    outcome = run(capsys, alice, "sensing", "mend", str(rows[0].pk), "--set", "calls=2", "--why", "So.")["outcome"]
    assert outcome["accepted"] == 1
    words = ("sensing", "mend-alike", "small", "not-a-number", "--column", "calls", "--to", "1", "--why", "So.")
    assert run(capsys, alice, *words)["outcome"]["accepted"] == 2
    assert run(capsys, alice, "sensing", "set-aside", str(rows[-1].pk), "--why", "So.")["rows"] == 1
    left = run(capsys, alice, "sensing", "quarantine", "--code", "test-call")["rows"]
    assert [row["row_id"] for row in left] == [rows[-2].pk]
