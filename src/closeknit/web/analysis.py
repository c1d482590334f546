"""Analysis does not hurt operations: exports and heavy pages have their own few places, whatever else is asked.

The other places stay free for pages and for what comes in. What finds no place in time is told to come again.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from closeknit.kernel.analysis import LONGEST_READ, reading_heavily
from closeknit.kernel.errors import CloseknitError
from closeknit.web.middleware import problem_page
from closeknit.web.problems import API_PREFIX, problem_response

AT_ONCE = int(os.environ.get("CLOSEKNIT_HEAVY_READS") or max(1, (os.cpu_count() or 1) // 2))
MAY_WAIT = 2
WAIT_SECONDS = 10.0
RETRY_SECONDS = 5
FORMATS = frozenset({"csv", "xlsx", "openlineage"})
ROUTES = frozenset(
    {
        "buffers/",
        "demand/accuracy/",
        "plans/levels/",
        "rosters/training/",
        "demand/<uuid:run_id>/explore/",
        "demand/explore/<str:operation>/",
        "demand/<uuid:run_id>/replay/",
        "journey/",
        "demand/backtests/<uuid:backtest_id>/",
        "demand/sharing/<uuid:agreement_id>/export/",
        "lineage/<str:kind>/<uuid:node_id>/",
        "feeds/<str:feed>/lineage/",
        "feed-conflicts/compare/",
        "api/v1/buffers",
        "api/v1/level-loading",
        "api/v1/forecast-accuracy",
        "api/v1/training",
        "api/v1/forecast-accuracy/compare",
        "api/v1/forecasts/<run_id>/replay",
        "api/v1/journey",
        "api/v1/forecast-sharing/<agreement_id>/export",
        "api/v1/lineage/<kind>/<node_id>",
        "api/v1/lineage/<kind>/<node_id>/openlineage",
        "api/v1/lineage/rows",
    }
)
"""What reads much, beside every export."""


class Busy(CloseknitError):
    """All places for heavy reads are taken, or one of them took too long."""

    code, status, title = "busy", 503, "Too much is being computed"


class _Places:
    """So many at once, and so many more that wait for them."""

    def __init__(self, at_once: int, may_wait: int, wait_seconds: float) -> None:
        self._places = threading.BoundedSemaphore(at_once)
        self._doors = threading.BoundedSemaphore(at_once + may_wait)
        self._wait_seconds = wait_seconds

    def take(self) -> bool:
        if not self._doors.acquire(blocking=False):
            return False
        if self._places.acquire(timeout=self._wait_seconds):
            return True
        self._doors.release()
        return False

    def give_back(self) -> None:
        self._places.release()
        self._doors.release()


places = _Places(AT_ONCE, MAY_WAIT, WAIT_SECONDS)


class FewAtOnce:
    """Give a heavy read a place, keep it to its bounds, and take the place back; a streamed answer part by part."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        held = vars(request)["heavy_read"] = ExitStack()
        with held:
            response = self.get_response(request)
        if response.streaming and vars(request).get("is_heavy"):
            response.streaming_content = _in_places(response.streaming_content)
        return response

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        if not is_heavy(request):
            return None
        if not places.take():
            return _busy(request, "Others read as much as is read at once.")
        held: ExitStack = vars(request)["heavy_read"]
        held.callback(places.give_back)
        held.enter_context(reading_heavily())
        vars(request)["is_heavy"] = True
        return None

    def process_exception(self, request: HttpRequest, failure: Exception) -> HttpResponse | None:
        if isinstance(failure, OperationalError) and isinstance(failure.__cause__, psycopg.errors.QueryCanceled):
            return _busy(request, f"This took the database longer than {LONGEST_READ}, and was stopped.")
        return None


def is_heavy(request: HttpRequest) -> bool:
    """Tell whether a request reads much: an export, or a page that goes through all the work there is."""
    route = request.resolver_match.route if request.resolver_match else ""
    return request.GET.get("format") in FORMATS or route in ROUTES


def _busy(request: HttpRequest, what: str) -> HttpResponse:
    problem = Busy(what, todo="Try again in some seconds, or ask for less.")
    is_api = request.path_info.startswith(API_PREFIX)
    response = problem_response(problem) if is_api else problem_page(request, problem)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _in_places(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts of a streamed answer, each read in a place and within bounds.

    The server may stop asking at any time, so nothing is held between two parts; a part that finds no place in time is
    read all the same, since an answer that has begun cannot be refused any more.
    """
    iterator = iter(parts)
    while True:
        has_place = places.take()
        try:
            with reading_heavily():
                part = next(iterator, None)
        finally:
            if has_place:
                places.give_back()
        if part is None:
            return
        yield part
