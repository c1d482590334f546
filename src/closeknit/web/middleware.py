"""What every request gets: security headers, an actor, and errors that a person can read."""

import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from closeknit.kernel import scope
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError
from closeknit.rooms.org import reads as org
from closeknit.web import faults
from closeknit.web.problems import API_PREFIX

Handler = Callable[[HttpRequest], HttpResponse]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
NOBODY = Actor(key="nobody", name="Nobody")


class NumberedRequests:
    """Give each request a number that nobody can guess: error pages show it, and each line of the log about it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.number = secrets.token_hex(6)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers["X-Request-Id"] = faults.number_of(request)
        return response


class SecurityHeaders:
    """Put the same security headers on every answer, whatever made it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if response.status_code >= 400 or not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class ReadableText:
    """Refuse NUL characters before anything reads the request: no text of ours holds one, and PostgreSQL takes none."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        held = (request.path_info, query.replace("%00", "\x00"), *request.COOKIES.values())
        if any("\x00" in text for text in held):
            return faults.show_bad_request(request, None)
        return self.get_response(request)


class ActorOnRequest:
    """Set `request.actor`: the signed-in person, or nobody (who may do nothing). The database shows no more either."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        actor = org.find_actor_of_user(user.pk) if user.is_authenticated and user.pk else None
        request.actor = actor or NOBODY  # type: ignore[attr-defined]
        with scope.acting_as(request.actor):  # type: ignore[attr-defined]
            response = self.get_response(request)
        if response.streaming:
            # By now a token may have named another actor; the parts are made when the server asks for them.
            response.streaming_content = scope.each_acting_as(request.actor, response.streaming_content)  # type: ignore[attr-defined]
        return response


class ErrorPages:
    """Turn a refusal into a page that says what happened, what was kept and what to do."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Django's own answer to another method is an empty page: somebody who signed in again on the way meets it.
        if response.status_code != 405 or request.path_info.startswith(API_PREFIX):
            return response
        page = faults.fault_response(request, faults.OTHER_METHOD)
        page.headers["Allow"] = response.headers.get("Allow", "")
        return page

    def process_exception(self, request: HttpRequest, failure: Exception) -> HttpResponse | None:
        if not isinstance(failure, CloseknitError):
            return None
        return problem_page(request, failure)


def problem_page(request: HttpRequest, failure: CloseknitError) -> HttpResponse:
    """Say what happened, where, what was kept and what to do."""
    context = {"problem": failure, "request_number": faults.number_of(request) if failure.status >= 500 else ""}
    response = render(request, "web/problem.html", context, status=failure.status)
    wait_seconds = getattr(failure, "wait_seconds", 0)
    if wait_seconds:
        response.headers["Retry-After"] = str(wait_seconds)
    return response
