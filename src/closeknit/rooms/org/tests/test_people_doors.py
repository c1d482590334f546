"""People, lending, absences and the rules, by page, API and command."""

import csv
import io
import json
from datetime import timedelta

import pytest
from tests.cast import enter, sign_in

from closeknit.kernel import clock
from closeknit.rooms.org import reads
from closeknit.rooms.org.contracts import PERMISSIONS_OF, Permission, Role
from closeknit.rooms.org.contracts.rules import PERMISSION_SENTENCES, ROLE_SENTENCES
from closeknit.web import boot, cli

PASSWORD = "a lantern in the long grass"


@pytest.fixture
def here(monkeypatch):
    """The command line within this process and its database."""
    monkeypatch.setattr(boot, "prepare", lambda **_: None)


def run(capsys, *words):
    status = cli.main([str(word) for word in words])
    said = capsys.readouterr()
    return status, said.out, said.err


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def soon(days=3):
    return f"{clock.now() + timedelta(days=days):%Y-%m-%dT%H:%M}"


def test_the_list_shows_who_may_do_what_and_who_is_away(client, erin, bob, carol):
    sign_in(client, "erin")
    client.post("/absences/add/", {"person": bob.key, "ends_at": soon(), "reason": "Ill."})
    html = page(client, "/people/")
    assert "Carol Lead" in html
    assert "team North" in html
    assert "away" in html
    text = b"".join(client.get("/people/?format=csv").streaming_content).decode("utf-8-sig")
    rows = {row["username"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows["bob"]["reaches"] == "team North"
    assert rows["carol"]["reaches"] == "every account"


def test_an_administrator_lets_someone_in_changes_rights_and_shuts_out(client, erin, bob):
    sign_in(client, "erin")
    form = {"username": "hana", "name": "Hana", "password": PASSWORD, "roles": ["account-manager"], "reason": "New."}
    made = client.post("/people/add/", {**form, "teams": "North\nSouth", "accounts": " A-1 "})
    assert made.status_code == 302
    hana = reads.find_actor_by_username("hana")
    card = reads.get_person(hana.key, by=erin)
    assert {g.sentence for g in card.grants} == {"team North", "team South", "account A-1"}
    html = page(client, f"/people/{hana.key}/")
    assert "New." in html
    changed = client.post(f"/people/{hana.key}/rights/", {"roles": ["planner"], "reason": "Plans now."})
    assert changed.status_code == 302
    assert reads.get_person(hana.key, by=erin).roles == (Role.PLANNER,)
    assert client.post(f"/people/{hana.key}/disable/", {"reason": "Left."}).status_code == 302
    assert "shut out" in page(client, f"/people/{hana.key}/")
    assert reads.find_actor_by_username("hana") is None
    assert client.post(f"/people/{hana.key}/enable/", {"reason": "Back."}).status_code == 302
    assert reads.find_actor_by_username("hana") is not None


def test_a_change_without_a_reason_changes_nothing(client, erin, bob):
    sign_in(client, "erin")
    answer = client.post(f"/people/{bob.key}/rights/", {"roles": ["admin"], "reason": ""})
    assert answer.status_code == 422
    assert reads.get_person(bob.key, by=erin).roles == (Role.ACCOUNT_MANAGER,)


def test_changing_roles_keeps_a_grant_that_the_form_has_no_field_for(client, erin, bob, acme):
    from closeknit.rooms.org.actions.change_roles import change_roles
    from closeknit.rooms.org.contracts import GrantCard

    both = GrantCard(team="North", region="north")
    change_roles(bob.key, roles=[Role.ACCOUNT_MANAGER], grants=[both], reason="Both.", by=erin)
    sign_in(client, "erin")
    client.post(f"/people/{bob.key}/rights/", {"roles": ["account-manager"], "regions": "south", "reason": "More."})
    assert set(reads.get_person(bob.key, by=erin).grants) == {both, GrantCard(region="south")}


def test_a_person_lends_and_takes_back_on_the_own_page(client, carol, bob):
    sign_in(client, "carol")
    html = page(client, f"/people/{carol.key}/")
    assert "Bob Seller" in html
    form = {"to": bob.key, "ends_at": soon(), "reason": "Vacation.", "permissions": ["proposals.decide"]}
    assert client.post("/delegations/add/", form).status_code == 302
    assert enter("bob").may(Permission.DECIDE)
    (loan,) = reads.list_delegations(by=carol)
    assert "proposals.decide" in page(client, f"/people/{carol.key}/")
    assert client.post(f"/delegations/{loan.delegation_id}/end/").status_code == 302
    assert not enter("bob").may(Permission.DECIDE)


def test_nobody_sees_the_page_of_another(client, bob, carol):
    sign_in(client, "bob")
    assert client.get(f"/people/{carol.key}/").status_code == 404
    assert client.get("/people/person:999999/").status_code == 404
    html = page(client, f"/people/{bob.key}/")
    assert "rights/" not in html


def test_a_customers_own_reader_is_offered_nothing_to_lend(client, acme):
    gina = sign_in(client, "gina")
    html = page(client, f"/people/{gina.key}/")
    assert 'name="to"' not in html
    assert "Bob" not in html


def test_absences_are_reported_and_ended(client, bob):
    sign_in(client, "bob")
    assert client.post("/absences/add/", {"ends_at": soon(), "reason": "Ill."}).status_code == 302
    (absence,) = reads.list_absences(by=bob)
    assert bob.key in reads.list_absent(at=clock.now(), by=bob)
    assert client.post(f"/absences/{absence.absence_id}/end/").status_code == 302
    assert bob.key not in reads.list_absent(at=clock.now(), by=bob)


def test_the_rules_page_is_the_rules(client, alice):
    sign_in(client, "alice")
    html = page(client, "/access/")
    for permission in Permission:
        assert permission.value in html
    text = b"".join(client.get("/access/?format=csv").streaming_content).decode("utf-8-sig")
    shown = {
        (row["permission"], role): row[role.value] == "true"
        for row in csv.DictReader(io.StringIO(text))
        for role in Role
    }
    assert shown == {(p.value, role): p in PERMISSIONS_OF[role] for p in Permission for role in Role}


def test_the_rules_name_the_fields_that_are_held_back(client, alice):
    rules = reads.get_access_rules(by=alice)
    (reason,) = [f for f in rules.fields if (f.card, f.name) == ("customers.AccountCard", "tier_reason")]
    assert reason.permission == Permission.READ_INTERNAL
    assert Role.CUSTOMER not in reason.roles
    sign_in(client, "alice")
    assert "tier_reason" in page(client, "/access/")


def test_your_own_page_leads_to_lending_and_absence(client, bob):
    sign_in(client, "bob")
    assert f'href="/people/{bob.key}/"' in page(client, "/you/")


def test_every_role_and_permission_is_explained():
    assert set(ROLE_SENTENCES) == set(Role)
    assert set(PERMISSION_SENTENCES) == set(Permission)


def test_the_api_does_what_the_pages_do(client, erin, carol, bob):
    sign_in(client, "erin")

    def post(address, body):
        return client.post(f"/api/v1{address}", json.dumps(body), content_type="application/json")

    new = {"username": "hana", "name": "Hana", "password": PASSWORD, "roles": ["account-manager"], "reason": "New."}
    made = post("/people", {**new, "grants": [{"team": "North"}]})
    assert made.status_code == 201
    key = made.json()["key"]
    changed = post(f"/people/{key}/rights", {"roles": ["planner"], "reason": "Plans."})
    assert changed.json()["roles"] == ["planner"]
    assert [c["reason"] for c in client.get(f"/api/v1/people/{key}/changes").json()] == ["Plans.", "New."]
    assert post(f"/people/{key}/disable", {"reason": "Left."}).json()["is_active"] is False
    assert post(f"/people/{key}/enable", {"reason": "Back."}).json()["is_active"] is True
    loan = {"to": bob.key, "lender": carol.key, "ends_at": soon() + "Z", "reason": "Ill."}
    lent = post("/delegations", loan)
    assert (lent.status_code, lent.json()["borrower_name"]) == (201, "Bob Seller")
    assert len(client.get("/api/v1/delegations").json()) == 1
    assert post(f"/delegations/{lent.json()['delegation_id']}/end", {}).json()["ended_at"]
    away = post("/absences", {"ends_at": soon() + "Z", "person_key": bob.key})
    assert client.get(f"/api/v1/absences?person_key={bob.key}").json()[0]["absence_id"] == away.json()["id"]
    assert post(f"/absences/{away.json()['id']}/end", {}).status_code == 200
    roles = client.get("/api/v1/access").json()["roles"]
    assert {role["role"] for role in roles} == set(Role)


def test_the_commands_do_what_the_pages_do(here, capsys, erin, carol, bob):
    status, out, err = run(capsys, "org", "change-roles", "bob", "--role", "planner", "--reason", "Plans now.")
    assert (status, err) == (0, "")
    assert out == "Bob Seller has planner, reaches every account.\n"
    status, out, _ = run(
        capsys, "org", "delegate", "bob", "--until", soon() + "Z", "--reason", "Trip.", "--as", "carol"
    )
    assert status == 0
    assert out.startswith("Carol Lead lends all that can be lent to Bob Seller until ")
    status, out, _ = run(capsys, "org", "delegations", "--as", "bob", "--json")
    (loan,) = json.loads(out)["delegations"]
    status, out, _ = run(capsys, "org", "end-delegation", loan["delegation_id"], "--as", "bob")
    assert (status, out) == (0, "The rights are back with their owner.\n")
    status, out, _ = run(capsys, "org", "absent", "--until", soon() + "Z", "--as", "carol", "--json")
    absence = json.loads(out)["absence_id"]
    status, out, _ = run(capsys, "org", "absences")
    assert "Carol Lead" in out
    assert run(capsys, "org", "end-absence", absence, "--as", "carol")[0] == 0
    assert run(capsys, "org", "disable", "bob", "--reason", "Left.")[0] == 0
    status, out, _ = run(capsys, "org", "people")
    assert "shut out" in out
    assert run(capsys, "org", "enable", "bob", "--reason", "Back.")[0] == 0
    status, out, _ = run(capsys, "org", "person", "bob")
    assert "Plans now." in out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("person", "nobody-such"), "not_found"),
        (("person", "carol", "--as", "bob"), "not_found"),
        (("person", "person:1x"), "not_found"),
        (("delegate", "carol", "--until", "2020-01-01T00:00Z", "--reason", "x", "--as", "bob"), "invalid"),
        (("delegate", "carol", "--until", "2099-01-01T00:00Z", "--reason", "x", "--as", "bob"), "invalid"),
        (
            (
                "delegate",
                "carol",
                "--until",
                "2020-01-01T00:00Z",
                "--reason",
                "x",
                "--permission",
                "fly",
                "--as",
                "bob",
            ),
            "invalid",
        ),
        (("change-roles", "bob", "--role", "king", "--reason", "x"), "invalid"),
        (("change-roles", "bob", "--role", "admin", "--reason", "x", "--as", "bob"), "denied"),
    ],
)
def test_the_commands_refuse_with_a_code(here, capsys, bob, carol, words, code):
    status, out, _ = run(capsys, "org", *words, "--json")
    assert status == 1
    assert json.loads(out)["code"] == code
