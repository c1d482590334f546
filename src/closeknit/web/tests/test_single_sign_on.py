"""Sign-in by the company's provider: against a small provider on this machine, honest and dishonest."""

import base64
import hashlib
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth import get_user_model
from django.test import Client
from tests.cast import PASSWORD, enter

from closeknit.kernel.throttle import MOST_TRIES

pytestmark = pytest.mark.django_db
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLIENT_ID, SECRET = "closeknit-here", "the-clients-secret-4711"
ALICE = {"sub": "idp-1", "email": "alice@company.example", "email_verified": True, "name": "Alice"}


class Provider:
    """An OpenID Connect provider: `tokens` changes the claims or the whole identity token it hands out."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = dict(ALICE)
        self.change: Any = lambda claims: claims
        self.sign: Any = lambda claims: jwt.encode(claims, KEY, "RS256", headers={"kid": "one"})
        self.config: dict[str, Any] = {}
        self.asked: dict[str, str] = {}
        self.paths: list[str] = []
        self.userinfo: dict[str, Any] | None = None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        self.paths.append(path)
        if path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
            usual = {"issuer": self.issuer, **{name: f"{self.issuer}/{end}" for name, end in ends.items()}}
            more = {"userinfo_endpoint": f"{self.issuer}/userinfo"} if self.userinfo else {}
            return 200, {**usual, **more, **self.config}
        if path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            return 200, {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}
        if path == "/userinfo":
            return 200, self.userinfo
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if form["client_secret"] != SECRET or challenge.decode() != self.asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": self.asked["nonce"]}
        token = self.sign(self.change({**claims, **self.claims}))
        return 200, {"access_token": "at", "token_type": "Bearer", "id_token": token}

    def handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(*provider.answer(urlsplit(self.path).path, {}))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                self._send(*provider.answer(urlsplit(self.path).path, form))

            def _send(self, status: int, body: Any) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", body)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@pytest.fixture
def provider(settings):
    from allauth.socialaccount.providers import registry

    from closeknit.web.single_sign_on import CompanyProvider

    registry.register(CompanyProvider)
    running = Provider()
    app = {
        "provider_id": "company",
        "name": "Company",
        "client_id": CLIENT_ID,
        "secret": SECRET,
        "settings": {"server_url": running.issuer},
    }
    settings.SINGLE_SIGN_ON = app
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {**settings.SOCIALACCOUNT_PROVIDERS["openid_connect"], "APPS": [app]}
    }
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def alice_with_mail(alice):
    get_user_model().objects.filter(username="alice").update(email="Alice@company.example")
    return alice


def leave(client: Client, provider: Provider, **form: str) -> dict[str, str]:
    """Leave for the provider; return what it is asked."""
    page = client.post("/sign-in/with/company/", form)
    assert page.status_code == 200, page.content
    there = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.content.decode())[1].replace("&amp;", "&")
    assert there.startswith(f"{provider.issuer}/auth?")
    provider.asked = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
    return provider.asked


def come_back(client: Client, **more: str) -> Any:
    return client.get("/sign-in/with/company/back/", {"code": "c0de", **more})


def is_signed_in(client: Client) -> bool:
    return client.get("/you/").status_code == 200


def test_a_person_with_a_verified_address_comes_in_and_is_known_by_the_subject_from_then_on(
    client, provider, alice_with_mail
):
    page = client.get("/sign-in/").content.decode()
    assert "Sign in with Company" in page
    asked = leave(client, provider, next="/plans/")
    assert asked["response_type"] == "code"
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://testserver/sign-in/with/company/back/"
    back = come_back(client, state=asked["state"])
    assert (back.status_code, back["Location"]) == (302, "/plans/")
    assert is_signed_in(client)
    assert "connected" in client.get("/you/").content.decode()
    provider.claims = {"sub": "idp-1", "email": "new-name@company.example", "email_verified": False}
    again = Client()
    come_back(again, state=leave(again, provider)["state"])
    assert is_signed_in(again)
    assert get_user_model().objects.get(username="alice").check_password(PASSWORD)


def test_nothing_of_what_the_provider_says_is_kept_but_the_subject(client, provider, alice_with_mail):
    from allauth.socialaccount.models import SocialAccount, SocialToken

    come_back(client, state=leave(client, provider)["state"])
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid, account.extra_data) == ("company", "idp-1", {})
    assert not SocialToken.objects.exists()


STRANGERS = {
    "nobody with this address": {"sub": "x", "email": "mallory@company.example", "email_verified": True},
    "an address that is not verified": {**ALICE, "sub": "x", "email_verified": False},
    "an address that claims to be verified in text": {**ALICE, "sub": "x", "email_verified": "true"},
    "an address about which nothing is said": {"sub": "x", "email": "alice@company.example"},
    "no address": {"sub": "x"},
    "an empty address": {"sub": "x", "email": "", "email_verified": True},
}


@pytest.mark.parametrize("who", STRANGERS)
def test_strangers_are_refused_and_nobody_is_registered(client, provider, alice_with_mail, who):
    provider.claims = STRANGERS[who]
    answer = come_back(client, state=leave(client, provider)["state"])
    assert answer.status_code == 403
    assert b"No person here belongs to this sign-in" in answer.content
    assert not is_signed_in(client)
    assert get_user_model().objects.count() == 1


def test_two_people_with_one_address_are_nobody(client, provider, alice_with_mail, carol):
    get_user_model().objects.filter(username="carol").update(email="alice@company.example")
    assert come_back(client, state=leave(client, provider)["state"]).status_code == 403


def test_who_is_shut_out_stays_out(client, provider, alice_with_mail):
    come_back(client, state=leave(client, provider)["state"])
    get_user_model().objects.filter(username="alice").update(is_active=False)
    other = Client()
    come_back(other, state=leave(other, provider)["state"])
    assert not is_signed_in(other)
    assert not is_signed_in(client)


def changed(**claims: Any) -> Any:
    return lambda given: {name: value for name, value in {**given, **claims}.items() if value is not None}


DISHONEST = {
    "another nonce": changed(nonce="another"),
    "no nonce": changed(nonce=None),
    "another issuer": changed(iss="https://evil.example"),
    "no issuer": changed(iss=None),
    "another audience": changed(aud="another-program"),
    "several audiences without a party": changed(aud=[CLIENT_ID, "another-program"]),
    "another authorized party": changed(azp="another-program"),
    "no audience": changed(aud=None),
    "over": changed(exp=int(time.time()) - 3600),
    "without an end": changed(exp=None),
    "not yet": changed(nbf=int(time.time()) + 3600),
    "without a subject": changed(sub=None),
}


@pytest.mark.parametrize("how", DISHONEST)
def test_an_identity_token_that_does_not_hold_is_refused(client, provider, alice_with_mail, how):
    provider.change = DISHONEST[how]
    answer = come_back(client, state=leave(client, provider)["state"])
    assert answer.status_code == 403
    assert b"was not accepted" in answer.content
    assert not is_signed_in(client)


def signed(claims: dict[str, Any], key: Any) -> str:
    return jwt.encode(claims, key, "RS256", headers={"kid": "one"})


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, "none", headers={"kid": "one"})


def signed_by_hmac(claims: dict[str, Any]) -> str:
    """The old trick: the public key, which everybody has, as the secret of a symmetric signature."""
    public = json.dumps(json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())))
    return jwt.encode(claims, public, "HS256", headers={"kid": "one"})


FORGED = {
    "another key": lambda claims: signed(claims, OTHER_KEY),
    "an unknown key": lambda claims: jwt.encode(claims, OTHER_KEY, "RS256", headers={"kid": "two"}),
    "no signature": unsigned,
    "a signature by the public key": signed_by_hmac,
    "signature cut off": lambda claims: (
        jwt.encode(claims, KEY, "RS256", headers={"kid": "one"}).rpartition(".")[0] + "."
    ),
    "no token": lambda claims: "",
    "nonsense": lambda claims: "x.y.z",
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_signature_is_refused(client, provider, alice_with_mail, how):
    provider.sign = FORGED[how]
    assert come_back(client, state=leave(client, provider)["state"]).status_code == 403
    assert not is_signed_in(client)


def test_red_twin_without_the_check_of_the_nonce_a_token_of_another_try_comes_in(
    client, provider, alice_with_mail, monkeypatch
):
    from closeknit.web import single_sign_on

    provider.change = changed(nonce="of another try")
    state = leave(client, provider)["state"]
    monkeypatch.setattr(single_sign_on, "nonce_of", lambda state: "of another try")
    come_back(client, state=state)
    assert is_signed_in(client)


def test_a_state_belongs_to_one_browser_and_is_used_once(client, provider, alice_with_mail):
    state = leave(client, provider)["state"]
    thief = Client()
    assert come_back(thief, state=state).status_code == 403
    assert come_back(client, state="").status_code == 403
    assert come_back(client, state=state).status_code == 302
    assert come_back(client, state=state).status_code == 403
    assert not is_signed_in(thief)


@pytest.mark.parametrize("error", ["access_denied", "server_error", "<script>alert(1)</script>"])
def test_a_refusal_of_the_provider_is_told_plainly(client, provider, alice_with_mail, error):
    state = leave(client, provider)["state"]
    answer = client.get("/sign-in/with/company/back/", {"error": error, "state": state})
    assert answer.status_code == 403
    assert b"<script>alert" not in answer.content


@pytest.mark.parametrize(
    "config",
    [
        {"issuer": "https://another.example"},
        {"token_endpoint": "http://another.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": ""},
    ],
)
def test_a_provider_that_speaks_for_another_or_without_tls_is_not_used(client, provider, alice_with_mail, config):
    provider.config = config
    answer = client.post("/sign-in/with/company/")
    assert answer.status_code == 503
    assert b"does not answer as it should" in answer.content


def test_a_provider_that_is_gone_is_told_plainly(client, provider, alice_with_mail):
    provider.server.shutdown()
    provider.server.server_close()
    assert client.post("/sign-in/with/company/").status_code == 503


def test_the_address_may_come_from_the_providers_other_door_for_the_same_subject_only(
    client, provider, alice_with_mail
):
    provider.claims, provider.userinfo = {"sub": "idp-1"}, dict(ALICE)
    come_back(client, state=leave(client, provider)["state"])
    assert is_signed_in(client)
    provider.claims, other = {"sub": "idp-2"}, Client()
    assert come_back(other, state=leave(other, provider)["state"]).status_code == 403


def test_what_the_visitor_adds_to_the_request_changes_nothing(client, provider, alice_with_mail):
    client.force_login(get_user_model().objects.get(username="alice"))
    provider.claims = {"sub": "mallory", "email": "mallory@evil.example", "email_verified": True}
    page = client.post("/sign-in/with/company/?process=connect&scope=admin&auth_params=prompt%3Dnone")
    there = re.search(r'content="0;url=([^"]+)"', page.content.decode())[1].replace("&amp;", "&")
    provider.asked = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
    assert set(provider.asked["scope"].split()) == {"openid", "profile", "email"}
    assert "prompt" not in provider.asked
    assert come_back(client, state=provider.asked["state"]).status_code == 403
    from allauth.socialaccount.models import SocialAccount

    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_coming_back_leads_nowhere_else(client, provider, alice_with_mail, there):
    assert come_back(client, state=leave(client, provider, next=there)["state"])["Location"] == "/"


def test_only_a_form_of_ours_leaves_for_the_provider(provider, alice_with_mail):
    assert Client().get("/sign-in/with/company/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/sign-in/with/company/").status_code == 403
    assert Client().post("/sign-in/with/another/").status_code == 404


def test_codes_and_states_cannot_be_tried_without_end(client, provider, alice_with_mail):
    statuses = [come_back(client, state=f"guess{n}").status_code for n in range(MOST_TRIES + 1)]
    assert statuses == [403] * MOST_TRIES + [429]


def test_a_second_factor_is_asked_for_here_too(client, provider, alice_with_mail, settings, tmp_path):
    from allauth.core import context
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    settings.SECOND_FACTOR_KEY = tmp_path / "key"
    with context.request_context(None):
        TOTP.activate(get_user_model().objects.get(username="alice"), generate_totp_secret())
    assert come_back(client, state=leave(client, provider)["state"])["Location"] == "/sign-in/code/"
    assert not is_signed_in(client)


def test_no_secret_of_it_is_logged(client, provider, alice_with_mail, caplog):
    with caplog.at_level("DEBUG"):
        come_back(client, state=leave(client, provider)["state"])
        provider.sign = FORGED["another key"]
        come_back(Client(), state=leave(client, provider)["state"])
    said = caplog.text + "".join(str(record.__dict__) for record in caplog.records if "django.db" not in record.name)
    assert SECRET not in said
    assert "eyJ" not in said
    enter("alice")
