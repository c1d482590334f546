"""Sign-in by the company's own provider (OpenID Connect): django-allauth's flow, with the checks it leaves out.

The code flow with PKCE. Of the identity token everything is checked each time: signature by a key that the issuer
publishes, issuer, audience, time, and a nonce that belongs to this one try in this one browser. Nobody registers: a
person must exist, found by the subject of an earlier sign-in or by an e-mail address that the provider verified.
"""

import hmac
from typing import Any
from urllib.parse import urlsplit

import jwt
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException

from closeknit.kernel import throttle
from closeknit.kernel.errors import CloseknitError, Denied
from closeknit.rooms.org import reads as org
from closeknit.web import logs
from closeknit.web.problems import Throttled
from closeknit.web.visitors import take_address_try

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
CLOCK_SKEW_SECONDS = 30
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Unreachable(CloseknitError):
    """The provider does not answer as it should."""

    code, status, title = "provider_unavailable", 503, "The company's sign-in cannot be used now"


class _Client(OAuth2Client):
    """Sends the nonce of this try along."""

    def get_redirect_url(self, authorization_url: str, scope: Any, extra_params: dict[str, Any]) -> str:
        return super().get_redirect_url(authorization_url, scope, {**extra_params, "nonce": nonce_of(self.state or "")})


class CompanySignIn(OpenIDConnectOAuth2Adapter):
    """One try to sign in by the provider."""

    client_class = _Client

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return what the issuer says of itself, refused where it speaks for another or without TLS."""
        config: dict[str, Any] = super().openid_config
        issuer = self.get_provider().app.settings["server_url"]
        if not isinstance(config, dict) or config.get("issuer", "").rstrip("/") != issuer.rstrip("/"):
            raise OAuth2Error("the provider's configuration names another issuer")
        for name in ENDPOINTS:
            if not is_protected(str(config.get(name, ""))):
                raise OAuth2Error(f"the provider's {name} is missing or without TLS")
        return config

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> SocialLogin:
        """Return who signs in, by the identity token alone."""
        claims = self.check_identity(app, str(kwargs["response"].get("id_token") or ""))
        expected = nonce_of(request.GET.get("state", ""))
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), expected.encode()):
            raise OAuth2Error("the identity token was made for another try")
        if "email" not in claims and "userinfo_endpoint" in self.openid_config:
            more = self._fetch_user_info(token.token)
            if more.get("sub") != claims["sub"]:
                raise OAuth2Error("the provider speaks of two people")
            claims = {**more, **claims}
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})

    def check_identity(self, app: SocialApp, identity: str) -> dict[str, Any]:
        """Return the claims of an identity token that holds."""
        try:
            claims: dict[str, Any] = jwt.decode(
                identity,
                key=self._key_of(identity),
                algorithms=list(ALGORITHMS),
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as failure:
            raise OAuth2Error(f"the identity token does not hold: {failure}") from failure
        others = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if (len(others) > 1 or "azp" in claims) and claims.get("azp") != app.client_id:
            raise OAuth2Error("the identity token was made for another program")
        return claims

    def _key_of(self, identity: str) -> Any:
        header = jwt.get_unverified_header(identity)
        if header.get("alg") not in ALGORITHMS:
            raise OAuth2Error("the identity token is signed in a way that proves nothing")
        with get_social_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            published = answer.json().get("keys", [])
        kid = header.get("kid")
        fitting = [key for key in published if kid is None or key.get("kid") == kid]
        fitting = [key for key in fitting if key.get("use", "sig") == "sig" and key.get("kty") in ("RSA", "EC", "OKP")]
        if len(fitting) != 1:
            raise OAuth2Error("the provider publishes no key that this identity token was signed with")
        return jwt.PyJWK(fitting[0], algorithm=header["alg"]).key


class CompanyProvider(OpenIDConnectProvider):
    """The provider: what visitors may not choose, the process, scope and parameters, is fixed here."""

    oauth2_adapter_class = CompanySignIn
    pkce_enabled_default = True

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Return how to leave for the provider; of the request only a safe `next` counts."""
        kwargs: dict[str, Any] = super().get_redirect_from_request_kwargs(request)
        return {**kwargs, "process": "login", "scope": self.get_scope(), "auth_params": self.get_auth_params()}

    def extract_extra_data(self, data: Any) -> dict[str, Any]:
        """Keep nothing of what the provider says but who it is."""
        return {}


class SocialAdapter(DefaultSocialAccountAdapter):
    """Who may come in by the provider."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody registers."""
        return False

    def get_requests_session(self) -> Any:
        """Return a session that asks the stated addresses and no others."""
        session = super().get_requests_session()
        session.max_redirects = 0
        return session

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing: what happens to an account stands in the log of security."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the person, or refuse."""
        if not sociallogin.is_existing:
            user = _find_user(sociallogin)
            if user is None:
                raise ImmediateHttpResponse(refuse(request, "No person here belongs to this sign-in."))
            sociallogin.connect(request, user)
            logs.happened(request, "connected the company's sign-in", who=f"user:{user.pk}")
        assert sociallogin.user is not None
        if not sociallogin.user.is_active or org.find_actor_of_user(sociallogin.user.pk) is None:
            raise ImmediateHttpResponse(refuse(request, "No person here belongs to this sign-in."))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Refuse with a page of ours; why stands in the log."""
        what = "You called it off." if error == "cancelled" else "The company's sign-in was not accepted."
        raise ImmediateHttpResponse(refuse(request, what, why=str(exception or error or "")))


@never_cache
@require_POST
def leave(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Leave for the provider.

    By a page and not by a redirect: our security policy lets forms lead to ourselves only, and browsers hold
    redirects after a form to it.
    """
    _check_configured(provider_id)
    try:
        answer = OAuth2LoginView.adapter_view(CompanySignIn(request, provider_id))(request)
    except (OAuth2Error, RequestException, ValueError) as failure:
        return unreachable(request, failure)
    if answer.status_code != 302:
        return answer
    there = answer["Location"]
    return render(request, "web/sign_in_leave.html", {"there": there, "host": urlsplit(there).hostname})


@never_cache
@require_GET
def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Come back from the provider, with a code that stands for an identity token."""
    _check_configured(provider_id)
    taken = take_address_try(request)
    if taken.is_refused:
        return slow_down(request, taken)
    try:
        answer = OAuth2CallbackView.adapter_view(CompanySignIn(request, provider_id))(request)
    except (AttributeError, KeyError, TypeError, ValueError) as failure:
        # What the provider said was not of the form that the standard gives it.
        return unreachable(request, failure)
    if answer.status_code < 400:
        throttle.give_back(taken)
    return answer


def is_protected(url: str) -> bool:
    """Tell whether an address is asked over TLS, or is on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def nonce_of(state: str) -> str:
    """Return the nonce of a try: it follows from the state, which belongs to one browser and is used once."""
    return salted_hmac("closeknit.single-sign-on.nonce", state, algorithm="sha256").hexdigest()


def refuse(request: HttpRequest, what: str, *, why: str = "") -> HttpResponse:
    """Answer that nobody came in."""
    logs.refused(request, f"company's sign-in: {what}{f' ({why})' if why else ''}")
    problem = Denied(what, kept="Nobody was signed in.", todo="Sign in again, or ask an administrator for access.")
    return render(request, "web/sign_in_refused.html", {"problem": problem}, status=problem.status)


def unreachable(request: HttpRequest, failure: Exception) -> HttpResponse:
    """Answer that the provider does not."""
    logs.security.error("the company's sign-in cannot be used: %s", logs.plain(f"{type(failure).__name__}: {failure}"))
    problem = Unreachable(
        "The company's sign-in does not answer as it should.",
        kept="Nobody was signed in.",
        todo="Try again in a minute, or sign in with a password; then tell whoever runs this.",
    )
    return render(request, "web/sign_in_refused.html", {"problem": problem}, status=problem.status)


def slow_down(request: HttpRequest, taken: throttle.Taken) -> HttpResponse:
    """Answer that there were too many tries."""
    problem = Throttled(
        "Too many tries. Nobody was locked out.", todo=f"Wait {taken.wait_seconds} seconds, then try again."
    )
    answer = render(request, "web/sign_in_refused.html", {"problem": problem}, status=problem.status)
    answer.headers["Retry-After"] = str(taken.wait_seconds)
    return answer


def _check_configured(provider_id: str) -> None:
    if settings.SINGLE_SIGN_ON is None or provider_id != settings.SINGLE_SIGN_ON["provider_id"]:
        raise Http404("There is no such provider.")


def _find_user(sociallogin: SocialLogin) -> Any:
    """Return the one active user with an address that the provider verified."""
    verified = {e.email.casefold() for e in sociallogin.email_addresses if e.verified is True}
    found = [
        user
        for address in sorted(verified)
        for user in get_user_model().objects.filter(email__iexact=address, is_active=True)[:2]
    ]
    return found[0] if len(found) == 1 else None
