"""Error pages: what is shown where a request did not reach a page, or a page could not be made.

They trust nothing: no database, no session, nothing that was sent. Each says what happened, what was kept and what to
do, and names the request, by whose number the log has the rest. Below /api the same refusals are problem+json.
"""

import sys
from dataclasses import dataclass
from typing import Any

import psycopg
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

NOTHING_CHANGED = "Nothing was changed."
# No connection, none left to give, or the server is stopping or starting.
UNREACHABLE = ("08", "53", "57P")
NOT_MIGRATED = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedFunction)
RETRY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Fault:
    """What a page says. `retry_seconds` is after how long another try makes sense; 0: it does not by itself."""

    status: int
    title: str
    what: str
    todo: str
    kept: str = NOTHING_CHANGED
    retry_seconds: int = 0


UNREADABLE = Fault(
    400,
    "This request cannot be read",
    "It names a host, a character or a form that is not taken here.",
    "Go back and try again. If you followed a link, ask whoever sent it for another.",
)
FORBIDDEN = Fault(
    403,
    "This is not open to you",
    "The request was refused before it reached a page.",
    "Ask an administrator for a role that includes it.",
)
FORM_REFUSED = Fault(
    403,
    "This form was not taken",
    "It was too old, it came from another site, or the browser keeps no cookies for this one.",
    "Go back, reload the page, and send the form again. What you wrote may still stand in it.",
)
NOT_FOUND = Fault(
    404,
    "There is no such page",
    "The address leads nowhere, or to something that is not in your view.",
    "Look for a typing error, or search from Today.",
)
OTHER_METHOD = Fault(
    405,
    "This address only takes forms",
    "It was opened like a page. That happens when you sign in again in the middle of sending a form.",
    "Go back to the page with the form and send it once more.",
)
TOO_LARGE = Fault(
    413,
    "This is too much at once",
    "What was sent is larger, or has more parts, than is taken in one request.",
    "Send it in several parts. Files of any size are taken by the command closeknit load.",
)
TOO_MANY = Fault(
    429,
    "Too many tries",
    "More requests came than are taken in a minute.",
    "Wait a minute, then try again. Nobody was locked out.",
    retry_seconds=60,
)
BROKEN = Fault(
    500,
    "Something broke on our side",
    "A step could not be finished. The server's log says why.",
    "Try again. If it happens again, tell whoever runs this server the number of the request.",
    "The step was undone; nothing half-done was kept.",
)
NO_DATABASE = Fault(
    503,
    "The database cannot be reached",
    "Closeknit is running, but its database does not answer, or takes nobody more at the moment.",
    "Try again in some seconds. If it lasts, tell whoever runs this server the number of the request.",
    "Everything that was saved is still there; this request changed nothing.",
    RETRY_SECONDS,
)
OLD_TABLES = Fault(
    503,
    "The database is being brought up to date",
    "This version of Closeknit needs tables that the database does not have yet.",
    "Try again in a minute. Whoever runs this server: ./run serve, started anew, brings the tables up to date.",
    "Everything that was saved is still there; this request changed nothing.",
    RETRY_SECONDS,
)
TOO_MUCH_SENT = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def fault_response(request: HttpRequest, fault: Fault) -> HttpResponse:
    """Return the page of a fault; for a tile, the part that stands in its place."""
    context = {
        "fault": fault,
        "tile": request.headers.get("HX-Request") == "true",
        "request_number": number_of(request),
    }
    response = render(None, "web/fault.html", context, status=fault.status)  # type: ignore[arg-type]
    if fault.retry_seconds:
        response.headers["Retry-After"] = str(fault.retry_seconds)
    return response


def number_of(request: Any) -> str:
    """Return the number by which the log knows a request; "" where it has none."""
    return str(getattr(request, "number", ""))


def fault_of(failure: BaseException | None) -> Fault:
    """Return what a failure that nobody caught means to a reader."""
    if isinstance(failure, DatabaseError):
        cause = failure.__cause__
        if isinstance(cause, NOT_MIGRATED):
            return OLD_TABLES
        if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) and is_unreachable(cause):
            return NO_DATABASE
    return BROKEN


def is_unreachable(failure: psycopg.Error) -> bool:
    """Tell whether the database did not answer at all: it said nothing, or that it takes nobody now."""
    return failure.sqlstate is None or failure.sqlstate.startswith(UNREACHABLE)


def show_bad_request(request: HttpRequest, exception: Exception | None) -> HttpResponse:
    """The request could not be read, or is too large."""
    return fault_response(request, TOO_LARGE if isinstance(exception, TOO_MUCH_SENT) else UNREADABLE)


def show_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - as Django calls it
    """There is no such page."""
    return fault_response(request, NOT_FOUND)


def show_forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - as Django calls it
    """The request was refused before it reached a page."""
    return fault_response(request, FORBIDDEN)


def show_form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - as Django calls it
    """The form came without the token that proves that the page was ours."""
    return fault_response(request, FORM_REFUSED)


def show_failure(request: HttpRequest) -> HttpResponse:
    """Something broke, or the database is not there. Django calls this while it handles the failure."""
    return fault_response(request, fault_of(sys.exc_info()[1]))
