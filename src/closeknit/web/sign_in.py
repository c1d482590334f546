"""Signing in: password, one-time code, proving again who one is. django-allauth's flows with our pages and limits."""

from http import HTTPStatus
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.account.internal.stagekit import clear_login
from allauth.account.views import LoginView, ReauthenticateView
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from closeknit.kernel import throttle
from closeknit.kernel.keys import load_or_make_secret, unwrap, wrap
from closeknit.kernel.throttle import Taken
from closeknit.web import logs, visitors
from closeknit.web.context import demo_people

ABOUT_SECOND_FACTOR = b"closeknit second factor"
Response = Any


class AccountAdapter(DefaultAccountAdapter):
    """Nobody registers here, no mail is sent from here, and messages are our own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody registers."""
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        """Answer with pages only."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Tell whether a page to go on to is one of ours, at the very address that was asked."""
        ours = {self.request.get_host()} if self.request else set()
        return url_has_allowed_host_and_scheme(url, allowed_hosts=ours, require_https=settings.PRODUCTION)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that the request came from."""
        return visitors.address_of(request)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: our pages say it."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing: what happens to an account stands in the log of security."""

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Answer one who may no longer sign in as one whom nobody knows."""
        return redirect("sign-in")

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return how a person proves who it is once more: by code where one is set up, else by password."""
        methods = super().get_reauthentication_methods(user)
        return [method for method in methods if method["id"] == "mfa_reauthenticate"] or methods


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of second factors encrypted, with a key that stands beside the data, not in the database."""

    def encrypt(self, text: str) -> str:
        """Return a secret as it is stored."""
        return wrap(_second_factor_key(), text.encode(), ABOUT_SECOND_FACTOR).hex()

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was stored."""
        return unwrap(_second_factor_key(), bytes.fromhex(encrypted_text), ABOUT_SECOND_FACTOR).decode()

    def get_totp_label(self, user: Any) -> str:
        """Return how an authenticator app names the account."""
        return str(user.get_username())


class _EachCodeOnce:
    """Refuses a code that was used before, as long as it is good.

    The library remembers a code for one period; with a tolerance before and after, a code is good for three.
    """

    user: Any

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        key = f"closeknit.code.used?user={self.user.pk}&code={normalize_user_code(code)}"
        good_for_seconds = (1 + 2 * settings.MFA_TOTP_TOLERANCE) * settings.MFA_TOTP_PERIOD
        if not cache.add(key, True, timeout=good_for_seconds):
            refusal: ValidationError = SecondFactorAdapter().validation_error("incorrect_code")
            raise refusal
        return code


class CodeForm(_EachCodeOnce, AuthenticateForm):
    """The code of a sign-in."""


class CodeAgainForm(_EachCodeOnce, ReauthenticateForm):
    """The code by which one proves again who one is."""


class SignInForm(LoginForm):
    """User name and password; the field has the name that browsers and password managers know."""

    def add_prefix(self, field_name: str) -> str:
        """Return the name of a field in the form."""
        return "username" if field_name == "login" else super().add_prefix(field_name)


class _Throttled:
    """Counts the try before it is looked at, and gives it back where it succeeds."""

    request: HttpRequest
    taken: Taken = Taken()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        self.taken = self.take_try()
        if self.taken.is_refused:
            context = self.get_context_data(is_throttled=True, **self.of_throttled())  # type: ignore[attr-defined]
            response = self.render_to_response(context, status=HTTPStatus.TOO_MANY_REQUESTS)  # type: ignore[attr-defined]
            response.headers["Retry-After"] = str(self.taken.wait_seconds)
            return response
        return super().post(request, *args, **kwargs)  # type: ignore[misc]

    def of_throttled(self) -> dict[str, Any]:
        return {}

    def take_try(self) -> Taken:
        raise NotImplementedError

    def form_valid(self, form: Any) -> Response:
        throttle.give_back(self.taken)
        return super().form_valid(form)  # type: ignore[misc]

    def form_invalid(self, form: Any) -> Response:
        logs.refused(self.request, self.what_failed(), who=self.who())
        response = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response

    def what_failed(self) -> str:
        return f"{self.request.method} {self.request.path_info}: the proof was wrong"

    def who(self) -> str:
        return ""


@method_decorator(never_cache, name="dispatch")
class SignIn(_Throttled, LoginView):
    """Sign in with user name and password."""

    template_name = "web/sign_in.html"
    form_class = SignInForm

    def take_try(self) -> Taken:
        return visitors.take_password_try(self.request, self._username())

    def of_throttled(self) -> dict[str, Any]:
        return {"form": self.get_form_class()(request=self.request)}

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        visitors.remember(response, self._username())
        logs.happened(self.request, "gave the right password", who=self.who())
        return response

    def who(self) -> str:
        # What was typed is not written down where it is no user's name: people type passwords there.
        users = get_user_model().objects.filter(username=self._username())
        number = users.values_list("pk", flat=True).first()
        return f"user:{number}" if number else "unknown"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "demo_people": demo_people(), "single_sign_on": settings.SINGLE_SIGN_ON}

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: Any) -> None:
        # Whoever comes back here before the code begins anew, perhaps as somebody else.
        clear_login(request)

    def _username(self) -> str:
        return self.request.POST.get("username", "").strip()[:150]


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class EnterCode(_Throttled, AuthenticateView):
    """The second step: a code from the authenticator app, or a recovery code."""

    template_name = "web/sign_in_code.html"

    def take_try(self) -> Taken:
        return visitors.take_code_try(self.request, self.stage.login.user.pk)

    def of_throttled(self) -> dict[str, Any]:
        return {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **kwargs}

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        logs.happened(self.request, "gave the right code", who=self.who())
        return response

    def who(self) -> str:
        return f"user:{self.stage.login.user.pk}"


class _Again(_Throttled):
    """Proving again who one is, before something that only oneself may do. The session gets a new key."""

    def form_valid(self, form: Any) -> Response:
        response = super().form_valid(form)
        self.request.session.cycle_key()
        return response

    def who(self) -> str:
        return f"user:{self.request.user.pk}"


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class AgainByPassword(_Again, ReauthenticateView):
    """Prove again who you are, by password."""

    template_name = "web/sign_in_again.html"
    extra_context = {"by": "password"}

    def take_try(self) -> Taken:
        return visitors.take_password_try(self.request, str(self.request.user.get_username()))


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class AgainByCode(_Again, ReauthenticateByCodeView):
    """Prove again who you are, by code."""

    template_name = "web/sign_in_again.html"
    extra_context = {"by": "code"}

    def take_try(self) -> Taken:
        return visitors.take_code_try(self.request, int(self.request.user.pk or 0))


def leave(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Sign in by the company's provider. What it needs is loaded when it is first used."""
    from closeknit.web import single_sign_on

    return single_sign_on.leave(request, provider_id)


def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Come back from the company's provider."""
    from closeknit.web import single_sign_on

    return single_sign_on.come_back(request, provider_id)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    from django.contrib.auth import logout

    logs.happened(request, "signed out")
    logout(request)
    return redirect(reverse("sign-in"))


def _second_factor_key() -> bytes:
    return load_or_make_secret(settings.SECOND_FACTOR_KEY, "key of the second factors")
