"""The API and the command line of sensing, customers and agreements: content, balance, and who is refused."""

import json

import pytest
from tests.cast import sign_in

from closeknit.rooms.sensing.tests.small import HEADER, RECIPE, call, load, write_calls
from closeknit.web.cli import build_parser

pytestmark = pytest.mark.django_db
PATHS = ("/feeds", "/feeds/small", "/feeds/small/batches", "/feeds/small/quarantine", "/operations")


@pytest.fixture
def loaded(tmp_path, alice):
    return load(write_calls(tmp_path, [call(1, account="ACME"), call(2, calls="x")]), alice)


def run(capsys, by, *arguments):
    args = build_parser().parse_args([*arguments, "--json"])
    args.by = by
    assert args.run(args) == 0
    return json.loads(capsys.readouterr().out)


def test_the_api_shows_feeds_and_takes_rows(client, loaded):
    sign_in(client, "alice")
    feed = client.get("/api/v1/feeds/small").json()
    assert feed["counts"] == {"read": 2, "accepted": 1, "quarantined": 1, "duplicate": 0}
    row = dict(zip(HEADER.strip().split(","), call(3).strip().split(","), strict=True))
    del row["phone"]
    body = json.dumps(row) + "\n" + json.dumps(row) + "\n" + '{"id": NaN}\n'
    url = "/api/v1/feeds/small/batches?stream=calls"
    answer = client.post(url, body, content_type="application/x-ndjson")
    assert answer.status_code == 201, answer.content
    assert answer.json()["counts"] == {"read": 3, "accepted": 1, "quarantined": 1, "duplicate": 1}
    assert client.post(f"{url}x", body, content_type="application/x-ndjson").status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_bob_and_dave_get_no_feeds(client, loaded, path):
    for username in ("bob", "dave"):
        sign_in(client, username)
        answer = client.get(f"/api/v1{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "denied")
        url = "/api/v1/feeds/small/batches?stream=calls"
        assert client.post(url, "{}", content_type="application/x-ndjson").status_code == 403


def test_accounts_and_terms_follow_the_scope(client, accounts):
    sign_in(client, "bob")
    assert [a["account_number"] for a in client.get("/api/v1/accounts").json()] == ["ACME"]
    assert client.get("/api/v1/accounts/ACME").json()["team"] == "North"
    assert client.get("/api/v1/accounts/BOLT").status_code == client.get("/api/v1/accounts/NOBODY").status_code == 404
    assert client.get("/api/v1/terms?account_number=BOLT").status_code == 404
    sign_in(client, "dave")
    for path in ("/accounts", "/accounts/ACME", "/terms"):
        assert client.get(f"/api/v1{path}").status_code == 403


def test_an_account_number_may_hold_any_character(client, acme):
    acme.account_number = "A/C ME?#1"
    acme.save()
    sign_in(client, "alice")
    assert client.get("/api/v1/accounts/A%2FC%20ME%3F%231").json()["account_number"] == "A/C ME?#1"


def test_the_command_line_loads_and_lists(tmp_path, capsys, alice, accounts):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(RECIPE)
    write_calls(tmp_path, [call(1, account="ACME"), call(2, calls="x")])
    card = run(capsys, alice, "load", str(recipe), str(tmp_path))
    assert card["schema"] == "closeknit.batch/1"
    assert card["batch"]["counts"] == {"read": 2, "accepted": 1, "quarantined": 1, "duplicate": 0}
    assert run(capsys, alice, "sensing", "quarantine")["rows"][0]["code"] == "not-a-number"
    assert run(capsys, alice, "sensing", "feeds")["feeds"][0]["feed"] == "small"
    assert run(capsys, alice, "agreements", "list", "--on", "2026-02-01")["terms"][0]["term_number"] == "T1"
    assert run(capsys, alice, "customers", "show", "ACME")["account"]["name"] == "Acme"
    assert len(run(capsys, alice, "sensing", "recipes")["recipes"]) == 5


def test_the_command_line_follows_the_scope(capsys, bob, dave, accounts):
    from closeknit.kernel.errors import Denied

    assert [a["account_number"] for a in run(capsys, bob, "customers", "list")["accounts"]] == ["ACME"]
    for by, command in (
        (dave, ("customers", "list")),
        (bob, ("sensing", "feeds")),
        (dave, ("agreements", "list")),
    ):
        with pytest.raises(Denied):
            run(capsys, by, *command)


def test_the_api_takes_files_of_every_kind_under_a_plain_name(client, loaded, tmp_path):
    sign_in(client, "alice")
    url = "/api/v1/feeds/small/files?file_name="
    body = (HEADER + call(1, account="ACME") + call(9)).encode()
    answer = client.post(f"{url}calls-9.csv", body, content_type="application/octet-stream")
    assert answer.status_code == 201, answer.content
    assert answer.json()["counts"] == {"read": 2, "accepted": 1, "quarantined": 0, "duplicate": 1}
    for name in ("../calls.csv", "a/calls.csv", "..", "", "calls%00.csv", "calls" + "x" * 300 + ".csv", "other.csv"):
        answer = client.post(f"{url}{name}", body, content_type="application/octet-stream")
        assert answer.status_code in (400, 422), name
    lie = client.post(f"{url}calls.csv", b"PAR1", content_type="application/octet-stream")
    assert "content is Parquet" in lie.json()["detail"]
    sign_in(client, "bob")
    assert client.post(f"{url}calls.csv", body, content_type="application/octet-stream").status_code == 403
