"""Whatever a page hands out as a CSV file can be had as an Excel workbook: `?format=xlsx` instead of `?format=csv`."""

from collections.abc import Callable

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase

from closeknit.kernel.errors import CloseknitError
from closeknit.kernel.exports import TableResponse
from closeknit.web.middleware import problem_page


class AsWorkbook:
    """Ask the page for its table, and hand it out in the form that was asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "GET" or request.GET.get("format") != "xlsx":
            return self.get_response(request)
        asked = request.GET
        request.GET = _as_csv(asked)  # type: ignore[assignment]
        response = self.get_response(request)
        request.GET = asked
        if not isinstance(response, TableResponse):
            return response
        try:
            return response.as_workbook()
        except CloseknitError as failure:
            return problem_page(request, failure)


def _as_csv(query: QueryDict) -> QueryDict:
    changed = query.copy()
    changed["format"] = "csv"
    return QueryDict(changed.urlencode())
