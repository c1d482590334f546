"""What is written to the log: one line for each event, which no visitor can forge, with nothing secret in it.

`closeknit.security` says who tried what from where and was refused, and every sign-in. Times are UTC.
"""

import logging
import re
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from closeknit.web.visitors import address_of

security = logging.getLogger("closeknit.security")

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
REFUSALS = (401, 403, 429)
Handler = Callable[[HttpRequest], HttpResponse]


class Line(logging.Formatter):
    """Writes each record as one line: control characters are shown, not sent; traces follow indented."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line, with control characters as escapes, and the number of the request that it is about."""
        number = getattr(getattr(record, "request", None), "number", "")
        record.message = plain(record.message) + (f" request={number}" if number else "")
        return super().formatMessage(record)

    def formatException(self, exc_info: object) -> str:
        """Return the trace, indented: no line of it looks like a record's first."""
        lines = super().formatException(exc_info).splitlines()  # type: ignore[arg-type]
        return "\n".join(f"    {plain(line)}" for line in lines)


class LogRefusals:
    """Log every refusal (401, 403, 429): who, what, where. A query is not logged: it may hold anything."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code in REFUSALS:
            refused(request, f"{request.method} {request.path_info}", status=response.status_code)
        return response


def refused(request: HttpRequest, what: str, *, who: str = "", status: int = 0) -> None:
    """Write down that somebody was refused."""
    security.warning(
        "refused who=%s what=%s from=%s%s",
        plain(who or _who(request)),
        plain(what),
        address_of(request),
        f" status={status}" if status else "",
        extra={"request": request},
    )


def happened(request: HttpRequest, what: str, *, who: str = "") -> None:
    """Write down what somebody did about access."""
    security.info(
        "did who=%s what=%s from=%s",
        plain(who or _who(request)),
        plain(what),
        address_of(request),
        extra={"request": request},
    )


def plain(text: str) -> str:
    """Return text on one line: control characters as escapes."""
    return CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def _who(request: HttpRequest) -> str:
    actor = getattr(request, "actor", None)
    return getattr(actor, "key", "nobody")
