"""Values, scores and tiers on pages, by API and by command; each shows to each role what that role may see."""

import csv
import io
import json
from datetime import timedelta

import pytest
from tests.cast import sign_in, token_of
from tests.small_company import deliver_all

from closeknit.kernel import clock
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.assess_accounts import assess_accounts
from closeknit.rooms.customers.compute.weeks import monday_of
from closeknit.rooms.customers.contracts import SCORE_WEIGHTS
from closeknit.rooms.customers.jobs import keep_worth
from closeknit.rooms.customers.models import WorthRun
from closeknit.rooms.customers.reads.tier_tables import shipped_tier_table
from closeknit.rooms.customers.tests.worth import AT, ON, load_wholesaler
from closeknit.web import boot, cli

pytestmark = pytest.mark.django_db
MASKED_VALUE = ("value", "low", "high", "previous_value", "factors", "margin_share")
MONEY_AT_FIRST = tuple(name for name in MASKED_VALUE if name != "previous_value")
"""A first valuation has none before it."""
MASKED_INTERNAL = ("chance_to_stay", "orders", "weeks_since_last", "model")


@pytest.fixture
def assessed(tmp_path, alice):
    load_wholesaler(tmp_path)
    deliver_all()
    return assess_accounts(on=ON, by=alice, at=AT)


def get(client, username, path):
    return client.get(f"/api/v1{path}", headers={"authorization": f"Bearer {token_of(username)}"})


def test_the_page_shows_the_ten_most_valuable_with_what_they_are_made_of(assessed, client, alice):
    sign_in(client, "alice")
    page = client.get("/values/").content.decode()
    assert page.count('<th scope="row">') == 10
    assert "ordered in the last year" in page
    assert "Nobody has stated a margin" in page
    tile = client.get("/tiles/account-worth/?account=ACME").content.decode()
    assert all(name.value.replace("_", " ") in tile for name in SCORE_WEIGHTS)
    assert "nobody has said how strategic it is" in tile
    tiers = client.get("/tiers/").content.decode()
    assert "A score from 92 under contract enters strategic." in tiers
    assert "would move" in tiers
    assert "No account is valued yet" in client.get("/values/?on=2025-01-01").content.decode()
    assert "That is no day" in client.get("/values/?on=yesterday").content.decode()


def test_a_person_revalues_on_the_page_and_only_who_may(assessed, client, alice):
    sign_in(client, "alice")
    assert client.post("/values/refresh/").status_code == 302
    assert WorthRun.objects.filter(as_of_on=monday_of(clock.now())).exists()
    sign_in(client, "bob")
    assert client.post("/values/refresh/").status_code == 403


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "frank"])
def test_colleagues_see_worth_and_its_reasons_by_api(assessed, client, username):
    card = get(client, username, "/account-value?account_number=ACME").json()
    assert all(card[name] is not None for name in (*MONEY_AT_FIRST, *MASKED_INTERNAL))
    score = get(client, username, "/account-score?account_number=ACME").json()
    assert all(score[name] is not None for name in ("score", "terms", "moves", "rule_version"))
    weeks = get(client, username, "/tier-weeks?account_number=ACME&moving_only=false").json()
    assert weeks
    for week in weeks:
        assert all(week[name] is not None for name in ("score", "because", "verdicts"))


WORTH = ("/account-value?account_number=ACME", "/account-score?account_number=ACME", "/tier-weeks?account_number=ACME")


def test_a_customer_is_not_told_how_it_is_judged(assessed, client):
    for address in WORTH:
        refused = get(client, "gina", address)
        assert refused.status_code == 403, address
        assert "score" not in refused.content.decode()


def test_who_may_not_read_money_gets_no_money(assessed, client, alice):
    from closeknit.rooms.customers import reads

    card = reads.get_value("ACME", by=alice.within(alice.permissions - {"money.read"}), at=clock.now())
    assert all(getattr(card, name) is None for name in MASKED_VALUE)
    assert all(getattr(card, name) is not None for name in MASKED_INTERNAL)


def test_a_steward_reads_who_says_what_but_neither_money_nor_what_is_internal(assessed, client, alice):
    from closeknit.rooms.org.models import Person

    Person.objects.filter(name="Alice Planner").update(roles=["steward"])
    for address in WORTH:
        assert get(client, "alice", address).status_code == 403, address
    sign_in(client, "alice")
    for page in ("/accounts/ACME/profile/", "/matches/", "/disputes/"):
        assert client.get(page).status_code == 200, page
    assert client.get("/values/").status_code == 403
    assert client.get("/values/?format=csv").status_code == 403
    assert client.get("/tiles/account-worth/?account=ACME").status_code == 403


def test_the_export_holds_what_its_reader_may_see(assessed, client, bob):
    sign_in(client, "bob")
    text = b"".join(client.get("/values/?format=csv").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["account_number"] for row in rows} == {"ACME", "A001"}
    assert all(row["value"] for row in rows)


def test_by_api_any_past_day_and_a_replay(assessed, client):
    assert get(client, "alice", f"/account-values?on={ON - timedelta(days=1)}").json() == []
    found = get(client, "alice", f"/account-values?on={ON}&limit=5").json()
    assert len(found) == 5
    assert found[0]["as_of_on"] == ON.isoformat()
    scores = get(client, "alice", f"/account-scores?on={ON}&limit=3").json()
    assert all(sum(t["thousandths"] for t in s["terms"]) == round(float(s["score"]) * 1000) for s in scores)
    replay = get(client, "alice", f"/value-runs/{assessed}/replay").json()
    assert replay == {"is_same": True, "sentence": "All 61 values come out the same, bit for bit."}
    assert get(client, "bob", f"/value-runs/{assessed}/replay").status_code == 403


def test_by_command(assessed, capsys, monkeypatch):
    monkeypatch.setattr(boot, "prepare", lambda **_: None)

    def said(*words: str) -> str:
        assert cli.main(["customers", *words, "--as", "alice"]) == 0
        return capsys.readouterr().out

    assert len(json.loads(said("values", "list", "--limit", "3", "--json"))["values"]) == 3
    assert "ordered in the last year" in said("values", "show", "ACME")
    assert "points as of" in said("scores", "show", "ACME")
    assert "bit for bit" in said("values", "replay", str(assessed))
    assert said("tiers", "table", "--text").strip() == shipped_tier_table().text.strip()


def test_the_worker_assesses_once_a_week(tmp_path, alice):
    keep_worth()
    assert not WorthRun.objects.exists()
    load_wholesaler(tmp_path)
    assert reads.find_day_due(by=alice, at=clock.now()) is not None
    keep_worth()
    assert WorthRun.objects.get().as_of_on == monday_of(clock.now())
    assert reads.find_day_due(by=alice, at=clock.now()) is None
    keep_worth()
    assert WorthRun.objects.count() == 1
