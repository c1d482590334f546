"""Sharing by page, API and command line: agreed, taken out, logged, ended; refusals keep what was typed."""

import json
from datetime import timedelta

import pytest
from tests.cast import enter, sign_in, token_of

from closeknit.kernel import clock, ids
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.models import ForecastRun
from closeknit.rooms.sensing import reads as sensing
from closeknit.web.tests import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def forecast(monkeypatch, accounts):
    monkeypatch.setattr(sensing, "get_operation", lambda *_, **__: None)
    monkeypatch.setattr(reads, "account_weekly_units", lambda *_, **__: [])
    run = ids.new_id()
    scene.add_run(run, ids.new_id())
    return ForecastRun.objects.get(pk=run)


def given(**changed):
    today = clock.now().date()
    body = {
        "partner": "Parcel Ltd",
        "operation": "warehouse",
        "purpose": "To book vans.",
        "from_on": today.isoformat(),
        "until_on": (today + timedelta(days=30)).isoformat(),
    }
    return body | changed


def test_a_service_lead_agrees_takes_out_and_ends_on_the_page(forecast, client, carol):
    sign_in(client, "carol")
    form = given(detail="total", period="week", fields_shared=["mean"], least_accounts="5")
    refused = client.post("/demand/sharing/agree/", form | {"purpose": "", "least_accounts": "2"})
    assert refused.status_code == 422
    assert b"Parcel Ltd" in refused.content
    assert client.post("/demand/sharing/agree/", form).status_code == 302
    (card,) = reads.list_sharing(by=carol)
    taken = client.post(f"/demand/sharing/{card.agreement_id}/export/")
    assert taken["Content-Type"].startswith("text/csv")
    assert b"week_from_on,service,region,mean,note" in b"".join(taken.streaming_content)
    page = client.get("/demand/sharing/").content
    assert b"Take out as CSV" in page
    assert b"Parcel Ltd" in page
    assert len(reads.list_sharing_accesses(by=carol)) == 1
    assert client.post(f"/demand/sharing/{card.agreement_id}/end/", {"reason": "They left."}).status_code == 302
    assert b"Take out as CSV" not in client.get("/demand/sharing/").content


def test_a_reader_sees_the_log_and_no_forms(forecast, client):
    sign_in(client, "frank")
    page = client.get("/demand/sharing/").content
    assert b"Nothing is shared" in page
    assert b"Agree to share" not in page


def test_the_same_by_api(forecast, client):
    enter("carol")
    head = {"HTTP_AUTHORIZATION": f"Bearer {token_of('carol')}"}

    def post(path, body=None):
        return client.post(f"/api/v1/forecast-sharing{path}", body or {}, content_type="application/json", **head)

    made = post("", given())
    assert made.status_code == 201, made.content
    number = made.json()["agreement_id"]
    taken = post(f"/{number}/export")
    assert taken.status_code == 200, taken.content
    assert taken.json()["partner"] == "Parcel Ltd"
    log = client.get("/api/v1/forecast-sharing/accesses", **head).json()
    assert [(row["way"], row["digest"]) for row in log] == [("api", taken.json()["digest"])]
    assert post(f"/{number}/end", {"reason": "So."}).json()["ended_at"]
    assert post(f"/{number}/export").status_code == 409


def test_the_same_by_command(forecast, carol, capsys, monkeypatch):
    from closeknit.web.cli import main

    # The command opens connections of its own, which a test's transaction does not outlive.
    monkeypatch.setattr("closeknit.web.boot.prepare", lambda **_: None)
    today = clock.now().date()

    def run(*words, code=0):
        assert main(["demand", *words, "--as", "carol", "--json"]) == code
        told = capsys.readouterr()
        return json.loads(told.out) if code == 0 else told.err

    days = ("--from", today.isoformat(), "--until", (today + timedelta(days=9)).isoformat())
    agree = ("agree-sharing", "warehouse", "Parcel Ltd", "--purpose", "To book vans.", "--detail", "total", *days)
    refused = run(*agree, "--least-accounts", "2", code=1)
    assert "Use 5 to 1000" in refused
    made = run(*agree, "--field", "mean", "--field", "low")
    assert made["schema"] == "closeknit.forecast-sharing-agreement/1"
    assert (made["agreement"]["fields"], made["agreement"]["ended_at"]) == (["mean", "low"], None)
    agreement = made["agreement"]["agreement_id"]
    assert run("share", agreement)["schema"] == "closeknit.shared-forecast/1"
    assert [row["way"] for row in run("sharing-log")["accesses"]] == ["command"]
    assert [row["exports"] for row in run("sharing")["agreements"]] == [1]
    ended = run("end-sharing", agreement, "--reason", "They left.")["agreement"]
    assert (ended["end_reason"], ended["ended_by"]) == ("They left.", carol.name)
    run("share", agreement, code=1)
    # In words, too.
    assert main(["demand", "sharing", "--as", "carol"]) == 0
    assert "Parcel Ltd" in capsys.readouterr().out
