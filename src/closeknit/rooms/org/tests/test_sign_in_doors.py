"""Tokens, sessions and sign-in, by command and API: text and one object, and who may do it for whom."""

import io
import json

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from tests.cast import PASSWORD, enter, sign_in

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.models import Session
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.change_password import set_password
from closeknit.rooms.org.actions.end_sessions import end_sessions
from closeknit.rooms.org.actions.set_sign_in import remove_second_factor, set_email
from closeknit.rooms.org.models import ApiToken
from closeknit.web import boot, cli

pytestmark = pytest.mark.django_db
NEW = "a lantern in the long grass"


@pytest.fixture
def say(monkeypatch, capsys):
    """Run a command in this process; answer its status and what it printed, as an object with --json."""
    monkeypatch.setattr(boot, "prepare", lambda **_: None)

    def run(line: str, *, typed: str = ""):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = cli.main(line.split())
        out = capsys.readouterr().out
        return status, (json.loads(out) if "--json" in line else out)

    return run


def test_a_token_is_issued_listed_and_revoked_by_command(say, alice):
    status, text = say("org token issue nightly --as alice --scope accounts.read --days 5")
    assert status == 0
    token = text.split()[0]
    assert reads.find_actor_of_token(token).permissions == {"accounts.read"}
    status, issued = say("org token issue second --as alice --json")
    assert (issued["schema"], issued["token"]["label"]) == ("closeknit.token/2", "second")
    status, listed = say("org token list --as alice --json")
    assert listed["schema"] == "closeknit.tokens/1"
    assert {card["label"] for card in listed["tokens"]} == {"nightly", "second"}
    assert token not in json.dumps(listed)
    assert "nightly" in say("org token list --as alice")[1]
    assert say("org token revoke nightly --as alice")[0] == 0
    assert reads.find_actor_of_token(token) is None
    status, ended = say(f"org token revoke {issued['token']['token_id']} --as alice --json")
    assert ended == {"schema": "closeknit.tokens-revoked/1", "revoked": 1}
    assert not ApiToken.objects.filter(revoked_at=None).exists()


def test_commands_refuse_as_the_actions_do(say, alice, bob):
    assert say("org token issue x --as bob --scope prices.read --json")[1]["code"] == "denied"
    assert say("org token issue x --as bob --scope no.such --json")[1]["code"] == "invalid"
    assert say("org token issue x --json")[1]["code"] == "denied"
    assert say("org token list --everyone --as bob --json")[1]["code"] == "denied"
    assert say("org token revoke none --as bob --json")[1]["code"] == "not_found"
    assert say("org sessions list alice --as bob --json")[1]["code"] == "denied"
    assert say("org sessions end --everyone --as bob --json")[1]["code"] == "denied"
    assert say("org sign-in show alice --as bob --json")[1]["code"] == "denied"
    assert say("org sign-in password nobody-here --password-stdin --json", typed=f"{NEW}\n")[1]["code"] == "not_found"


def test_an_operator_gives_a_new_password_and_everything_open_ends(say, client, alice):
    client.post("/sign-in/", {"username": "alice", "password": PASSWORD})
    status, said = say("org sign-in password alice --password-stdin", typed=f"{NEW}\n")
    assert (status, "have ended" in said) == (0, True)
    assert client.get("/you/").status_code == 302
    assert get_user_model().objects.get(username="alice").check_password(NEW)
    assert say("org sign-in password alice --password-stdin --json", typed="short\n")[1]["code"] == "invalid"


def test_sessions_are_listed_and_ended_by_command(say, client, alice):
    client.post("/sign-in/", {"username": "alice", "password": PASSWORD})
    status, found = say("org sessions list alice --json")
    assert (status, found["schema"], len(found["sessions"])) == (0, "closeknit.sessions/1", 1)
    assert "127.0.0.1" in say("org sessions list alice")[1]
    handle = found["sessions"][0]["handle"]
    assert say(f"org sessions end alice --session {handle}")[0] == 0
    assert client.get("/you/").status_code == 302
    assert say(f"org sessions end alice --session {handle} --json")[1]["code"] == "not_found"
    client.post("/sign-in/", {"username": "alice", "password": PASSWORD})
    assert say("org sessions end --everyone --json")[1] == {"schema": "closeknit.sessions-ended/1", "ended": 1}
    assert not Session.objects.exists()


def test_an_address_belongs_to_one_person(say, alice, bob, erin):
    assert say("org sign-in email alice Alice@company.example")[0] == 0
    assert say("org sign-in show alice --json")[1]["sign_in"]["email"] == "Alice@company.example"
    with pytest.raises(Conflict):
        set_email(person_key=bob.key, email="alice@COMPANY.example", by=erin)
    with pytest.raises(Invalid):
        set_email(person_key=bob.key, email="no address", by=erin)
    with pytest.raises(NotFound):
        set_email(person_key="person:0", email="", by=erin)
    assert say('org sign-in email alice ""'.replace('""', "bob@company.example"))[0] == 0
    set_email(person_key=alice.key, email="", by=erin)
    assert reads.get_sign_in(person_key=alice.key, by=erin).email == ""


def test_only_who_manages_people_mends_the_sign_in_of_others(alice, bob, erin):
    for act in (
        lambda by: set_password(person_key=alice.key, new=NEW, by=by),
        lambda by: set_email(person_key=alice.key, email="", by=by),
        lambda by: remove_second_factor(person_key=alice.key, by=by),
        lambda by: end_sessions(person_key=alice.key, by=by),
        lambda by: reads.get_sign_in(person_key=alice.key, by=by),
        lambda by: reads.list_sessions(person_key=alice.key, by=by),
    ):
        with pytest.raises(Denied):
            act(bob)
        act(erin)
    with pytest.raises(Denied):
        set_password(person_key=erin.key, new=NEW, by=erin)


def test_tokens_and_sessions_by_the_api(client, alice):
    sign_in(client, "alice")
    wish = {"label": "nightly", "scopes": ["accounts.read"], "days": 7}
    made = client.post("/api/v1/tokens", wish, content_type="application/json")
    assert made.status_code == 201
    body = made.json()
    program = Client(headers={"Authorization": f"Bearer {body['token']}"})
    assert program.get("/api/v1/accounts").status_code == 200
    (listed,) = client.get("/api/v1/tokens").json()
    assert (listed["label"], listed["scopes"], listed["is_in_force"]) == ("nightly", ["accounts.read"], True)
    assert listed["last_used_at"] is not None
    assert "token" not in listed
    ended = client.post(f"/api/v1/tokens/{listed['token_id']}/revoke")
    assert (ended.status_code, ended.json()["ended"]) == (200, 1)
    assert program.get("/api/v1/accounts").status_code == 401
    assert [card["is_here"] for card in client.get("/api/v1/sessions").json()] == [True]
    assert client.post("/api/v1/sessions/end", {}, content_type="application/json").json()["ended"] == 0


@pytest.mark.parametrize("wish", [{"label": ""}, {"label": "x", "days": 366}, {"label": "x", "scopes": "all"}, {}])
def test_a_wish_that_makes_no_sense_is_refused(client, alice, wish):
    sign_in(client, "alice")
    assert client.post("/api/v1/tokens", wish, content_type="application/json").status_code == 422


def test_nobody_reaches_another_persons_tokens_by_number(client, alice):
    from closeknit.rooms.org.actions.issue_token import issue_token

    issued = issue_token(label="of alice", by=alice)
    enter("carol")
    sign_in(client, "carol")
    hidden = client.post(f"/api/v1/tokens/{issued.token_id}/revoke")
    unknown = client.post("/api/v1/tokens/999999/revoke")
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    assert client.get("/api/v1/tokens").json() == []
    assert reads.find_actor_of_token(issued.token)
