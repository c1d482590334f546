"""Errors as programs read them: problem+json with a stable code, whatever part of the application refused."""

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from closeknit.kernel.errors import CloseknitError, Conflict, Denied, Invalid, NotFound

API_PREFIX = "/api/"
MEDIA_TYPE = "application/problem+json"
KEPT_HEADERS = ("Allow", "WWW-Authenticate", "Retry-After")


class Malformed(CloseknitError):
    """The request cannot be read at all: broken JSON, a NUL character, an unknown host."""

    code, status, title = "malformed", 400, "The request cannot be read"


class NotSignedIn(CloseknitError):
    """No credentials, or none in force."""

    code, status, title = "not_signed_in", 401, "Sign in first"


class CsrfRefused(CloseknitError):
    """A browser's session wants to change something without the token that proves that the page was ours."""

    code, status, title = "csrf", 403, "The page's token is missing"


class MethodNotAllowed(CloseknitError):
    """This address takes other methods."""

    code, status, title = "method_not_allowed", 405, "Method not allowed"


class TooLarge(CloseknitError):
    """The body is larger than we take at once."""

    code, status, title = "too_large", 413, "Too much at once"


class Throttled(CloseknitError):
    """Too many tries."""

    code, status, title = "throttled", 429, "Too many requests"
    wait_seconds = 60


class Unavailable(CloseknitError):
    """The database is not there, or is being brought up to date."""

    code, status, title = "unavailable", 503, "Not available now"


class Broken(CloseknitError):
    """A fault of ours."""


OF_STATUS: dict[int, tuple[type[CloseknitError], str, str]] = {
    400: (Malformed, "The request cannot be read.", "See /api/v1/openapi.json."),
    401: (NotSignedIn, "This needs a signed-in person or a token.", "Send Authorization: Bearer, or sign in."),
    403: (Denied, "This is not allowed.", "Ask an administrator for a role that includes it."),
    404: (NotFound, "There is nothing at this address.", "See /api/v1/openapi.json."),
    405: (MethodNotAllowed, "This address takes other methods.", "The header Allow names them."),
    409: (Conflict, "This is no longer in the state that it needs.", "Read it again."),
    413: (TooLarge, "The body is larger than is taken at once.", "Send it in several requests."),
    422: (Invalid, "The input was refused.", "See /api/v1/openapi.json."),
    429: (Throttled, "Too many requests.", "Wait a minute."),
    503: (Unavailable, "The database cannot be used now.", "Try again in some seconds."),
    500: (Broken, "Something went wrong here; it was written to the log.", "Try again; then tell who runs this."),
}


def problem_of_status(status: int, *, what: str = "", where: str = "") -> CloseknitError:
    """Return the problem that an HTTP status means, with its stable code."""
    nearest = status if status in OF_STATUS else (500 if status >= 500 else 400)
    kind, usual, todo = OF_STATUS[nearest]
    return kind(what or usual, where=where, todo=todo)


def problem_response(problem: CloseknitError) -> HttpResponse:
    """Answer with a problem."""
    response = HttpResponse(json.dumps(problem.as_problem()), status=problem.status, content_type=MEDIA_TYPE)
    if isinstance(problem, Throttled):
        response.headers["Retry-After"] = str(problem.wait_seconds)
    return response


class ApiProblems:
    """Below /api every error is problem+json: also those of Django and of middleware, which speak HTML."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path_info.startswith(API_PREFIX):
            return response
        if response.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
            return response
        answer = problem_response(problem_of_status(response.status_code, where=request.path_info))
        for name in KEPT_HEADERS:
            if name in response.headers:
                answer.headers[name] = response.headers[name]
        answer.cookies.update(response.cookies)
        return answer
