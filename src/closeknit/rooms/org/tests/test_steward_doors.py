"""Stewards and sharing by page, API and command line; each change stands in the ledger."""

import json

import pytest
from tests.cast import enter, sign_in

from closeknit.kernel import events
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.web.cli import build_parser


def run(capsys, by, *arguments):
    args = build_parser().parse_args([*arguments, "--json"])
    args.by = by
    assert args.run(args) == 0
    return json.loads(capsys.readouterr().out)


def test_the_page_appoints_ends_and_says_what_was_wrong(client, alice, erin):
    sign_in(client, "erin")
    form = {"domain": "customers", "person": "nobody", "level": "global", "reason": "So."}
    answer = client.post("/stewards/appoint/", form)
    assert answer.status_code == 422
    assert b"There is no such person." in answer.content
    assert client.post("/stewards/appoint/", form | {"person": "alice"}).status_code == 302
    assert b"Alice Planner" in client.get("/stewards/").content
    assert b"Alice Planner" in b"".join(client.get("/stewards/?format=csv").streaming_content)
    (card,) = client.get("/api/v1/stewards").json()
    assert client.post(f"/stewards/{card['stewardship_id']}/end/", {"reason": "Over."}).status_code == 302
    assert client.get("/api/v1/stewards").json() == []
    rule = {"domain": "finance", "department": "sales", "reason": "Not theirs."}
    assert client.post("/stewards/sharing/add/", rule).status_code == 302
    assert client.post("/stewards/sharing/add/", rule).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_every_change_stands_in_the_ledger(client, alice, carol, erin):
    sign_in(client, "erin")

    def post(path, **body):
        return client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json")

    first = post("/stewards", person="alice", domain="customers", field="tier", reason="Knows tiers.")
    assert first.status_code == 201, first.content
    second = post("/stewards", person=carol.key, domain="customers", field="tier", reason="Moved.").json()
    assert client.get("/api/v1/stewards/find?domain=customers&field=tier").json()["person_name"] == "Carol Lead"
    assert client.get("/api/v1/stewards/find?domain=customers").status_code == 404
    post(f"/stewards/{second['stewardship_id']}/end", reason="Over.")
    rule = post("/sharing-rules", domain="finance", department="sales", reason="Not theirs.").json()
    post(f"/sharing-rules/{rule['rule_id']}/end", reason="They need it.")
    assert client.get("/api/v1/sharing-rules").json() == []
    while events.deliver():
        continue
    kinds = ("steward.appointed", "steward.ended", "sharing.withheld", "sharing.restored")
    assert set(LedgerEntry.objects.filter(kind__in=kinds).values_list("kind", flat=True)) == set(kinds)
    assert LedgerEntry.objects.filter(kind="steward.appointed").count() == 2
    assert len({e.thread_id for e in LedgerEntry.objects.filter(kind__startswith="steward.")}) == 1


def test_the_command_line_appoints_finds_and_withholds(capsys, alice, erin):
    steward = run(capsys, erin, "org", "appoint-steward", "alice", "customers", "--reason", "Knows.")["steward"]
    assert steward["person_name"] == "Alice Planner"
    assert run(capsys, erin, "org", "stewards", "--domain", "customers")["stewards"] == [steward]
    ended = run(capsys, erin, "org", "end-steward", str(steward["stewardship_id"]), "--reason", "Over.")
    assert ended["steward"]["ends_at"]
    rule = run(capsys, erin, "org", "withhold", "finance", "sales", "--reason", "So.")["rule"]
    assert run(capsys, erin, "org", "sharing-rules")["rules"] == [rule]
    assert enter("bob").withheld == {"finance."}
    run(capsys, erin, "org", "share-again", str(rule["rule_id"]), "--reason", "So.")
    assert run(capsys, erin, "org", "sharing-rules")["rules"] == []
