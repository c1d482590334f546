"""Your access: rights, how one signs in, sessions, tokens. Every page shows and changes the asking person's own."""

from io import StringIO
from typing import Any

from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from closeknit.kernel import clock, throttle
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.kernel.http import Request
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.actions.change_password import change_password
from closeknit.rooms.org.actions.choose_look import choose_look
from closeknit.rooms.org.actions.end_sessions import end_sessions
from closeknit.rooms.org.actions.issue_token import issue_token
from closeknit.rooms.org.actions.keep_view import forget_view, keep_view
from closeknit.rooms.org.actions.revoke_token import revoke_token
from closeknit.rooms.org.contracts import DEFAULT_DAYS, LONGEST_DAYS, NEVER_BY_TOKEN, READING, Permission
from closeknit.web import logs, visitors
from closeknit.web.context import LOOK
from closeknit.web.templatetags.lists import PLACES_IN_THE_LIST

Response = Any
LONGEST_ASKED = 4000


@never_cache
@require_GET
def show_you(request: Request) -> HttpResponse:
    """What may you see and do, how do you sign in, and where are you signed in?"""
    by: Actor = request.actor
    if not by.key.startswith("person:"):
        raise NotFound("Nothing is known here of who is signed in.", todo="Ask an administrator to add you.")
    now = clock.now()
    held = [p for p in Permission if by.may(p)]
    context = {
        "person": org.get_person(by.key, by=by),
        "sign_in": org.get_sign_in(by=by),
        "permissions": held,
        "sees_every_account": by.scope.every_account,
        "delegations": [d for d in org.list_delegations(person_key=by.key, at=now, by=by) if d.lender_key == by.key],
        "sessions": org.list_sessions(here=request.session.session_key, by=by),
        "tokens": org.list_tokens(at=now, by=by),
        "scopes": [{"value": p, "reads": p in READING} for p in held if p not in NEVER_BY_TOKEN],
        "default_days": DEFAULT_DAYS,
        "longest_days": LONGEST_DAYS,
        "idle_minutes": settings.SESSION_COOKIE_AGE // 60,
        "longest_hours": settings.SESSION_LONGEST_SECONDS // 3600,
    }
    return render(request, "web/you.html", context)


@require_POST
def end_my_sessions(request: Request) -> HttpResponse:
    """End one of your sessions, or all but this one."""
    handle = request.POST.get("handle", "")
    ended = end_sessions(handle=handle, but=request.session.session_key, by=request.actor)
    request.session.cycle_key()
    logs.happened(request, f"ended {ended} sessions")
    messages.success(request, f"{ended} sessions were ended." if ended != 1 else "One session was ended.")
    return redirect("you")


@never_cache
@require_POST
def issue_my_token(request: Request) -> HttpResponse:
    """Issue a token and show it, once."""
    days = request.POST.get("days", str(DEFAULT_DAYS))
    if not (days.isascii() and days.isdecimal() and len(days) < 6):
        raise Invalid("Days are a whole number.", where="days")
    issued = issue_token(
        label=request.POST.get("label", ""),
        scopes=request.POST.getlist("scope"),
        days=int(days),
        by=request.actor,
    )
    logs.happened(request, f"issued token {issued.token_id}")
    return render(request, "web/you_token.html", {"issued": issued})


@require_POST
def revoke_my_token(request: Request, token_id: int) -> HttpResponse:
    """Revoke one of your tokens."""
    revoke_token(token_id=token_id, by=request.actor, at=clock.now())
    logs.happened(request, f"revoked token {token_id}")
    messages.success(request, "The token was revoked. Programs that use it are refused from now on.")
    return redirect("you")


@require_POST
def choose_my_look(request: Request) -> HttpResponse:
    """Choose your colours and the density of rows, for every browser."""
    look = choose_look(theme=request.POST.get("theme", ""), density=request.POST.get("density", ""), by=request.actor)
    request.session[LOOK] = [look.theme, look.density]
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    messages.success(request, "Kept. Every browser takes it up when you sign in there.")
    return redirect("you")


@require_POST
def keep_my_view(request: Request) -> HttpResponse:
    """Keep what you ask of a list under a name, and show it again."""
    place = request.POST.get("place", "")
    asked = QueryDict(request.POST.get("query", "")[:LONGEST_ASKED], mutable=True)
    for name in PLACES_IN_THE_LIST:
        asked.pop(name, None)
    address = _address_of(place)
    view = keep_view(place=place, name=request.POST.get("name", ""), query=asked.urlencode(), by=request.actor)
    messages.success(request, f"Kept as {view.name}: you find it under Views. Its address shows others the same.")
    return redirect(f"{address}?{view.query}")


@require_POST
def forget_my_view(request: Request, view_id: int) -> HttpResponse:
    """Forget a name for what you ask of a list."""
    view = forget_view(view_id, by=request.actor)
    messages.success(request, f"The view {view.name} is forgotten.")
    return redirect(_address_of(view.place))


def _address_of(place: str) -> str:
    try:
        return reverse(place)
    except NoReverseMatch:
        raise Invalid("There is no such list.", where="place") from None


@never_cache
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "POST"])
def change_my_password(request: Request) -> HttpResponse:
    """Change your password."""
    template = "web/you_password.html"
    if request.method == "GET":
        return render(request, template)
    taken = visitors.take_password_try(request, str(request.user.get_username()))
    if taken.is_refused:
        response = render(request, template, {"is_throttled": True}, status=429)
        response.headers["Retry-After"] = str(taken.wait_seconds)
        return response
    try:
        _change(request)
    except Invalid as problem:
        if problem.where != "current":
            throttle.give_back(taken)
        return render(request, template, {"problem": problem}, status=problem.status)
    throttle.give_back(taken)
    logs.happened(request, "changed the own password")
    messages.success(request, "Your password was changed. Your other sessions have ended.")
    return redirect("you")


def _change(request: Request) -> None:
    current, new, again = (request.POST.get(name, "") for name in ("current", "new", "again"))
    if new != again:
        raise Invalid("The new passwords differ.", where="again", todo="Type the new one twice.")
    change_password(current=current, new=new, here=request.session.session_key, by=request.actor)
    # The session goes on, under a new key and with the mark of the new password.
    update_session_auth_hash(request, get_user_model().objects.get(pk=int(request.user.pk or 0)))


class _Own:
    """What changes how one signs in gives the session a new key, and the log a line."""

    request: HttpRequest
    did = ""

    def get_success_url(self) -> str:
        return reverse("you")

    def form_valid(self, form: Any) -> Response:
        response = super().form_valid(form)  # type: ignore[misc]
        self.request.session.cycle_key()
        logs.happened(self.request, self.did)
        return response

    def form_invalid(self, form: Any) -> Response:
        response = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = 422
        return response


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SetUpAuthenticator(_Own, ActivateTOTPView):
    """Set up an authenticator app."""

    template_name = "web/you_authenticator.html"
    did = "set up a second factor"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "totp_svg": draw_code(context["totp_url"])}

    def get_success_url(self) -> str:
        return reverse("mfa_view_recovery_codes")


@method_decorator(never_cache, name="dispatch")
class RemoveAuthenticator(_Own, DeactivateTOTPView):
    """Remove the authenticator app."""

    template_name = "web/you_authenticator_remove.html"
    did = "removed the second factor"


@method_decorator(never_cache, name="dispatch")
class ShowCodes(ViewRecoveryCodesView):
    """Show the recovery codes, once."""

    template_name = "web/you_codes.html"


@method_decorator(never_cache, name="dispatch")
class NewCodes(_Own, GenerateRecoveryCodesView):
    """Make new recovery codes."""

    template_name = "web/you_codes_new.html"
    did = "made new recovery codes"

    def get_success_url(self) -> str:
        return reverse("mfa_view_recovery_codes")


def draw_code(text: str) -> str:
    """Return a QR code as SVG without styles of its own: our security policy lets none in."""
    import qrcode

    code = qrcode.QRCode(border=4)
    code.add_data(text)
    rows = code.get_matrix()
    path = StringIO()
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                path.write(f"M{x} {y}h1v1h-1z")
    return f'<svg viewBox="0 0 {len(rows)} {len(rows)}" aria-hidden="true"><path d="{path.getvalue()}"/></svg>'
