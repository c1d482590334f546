"""The JSON API under /api/v1: one OpenAPI document, session or token sign-in, errors as problem+json."""

import json
from importlib import import_module
from itertools import chain
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.security import HttpBearer, SessionAuth

from closeknit import __version__
from closeknit.kernel import scope
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError, Invalid
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.actions.note_token_used import note_token_used
from closeknit.web.problems import (
    MEDIA_TYPE,
    CsrfRefused,
    NotSignedIn,
    Throttled,
    TooLarge,
    problem_of_status,
    problem_response,
)
from closeknit.web.visitors import take_token_try

ROOMS_WITH_API = ("org", "decisions", "privacy", "sensing", "customers", "agreements", "demand", "capacity", "outcomes")


class Token(HttpBearer):
    """`Authorization: Bearer ck_…`, a token issued with `closeknit org token issue LABEL --as NAME`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        actor = org.find_actor_of_token(token)
        if actor is None:
            _count_refused_token(request)
            return None
        request.actor, request.by_token = actor, True  # type: ignore[attr-defined]
        scope.switch_to(actor)
        note_token_used(token=token, by=actor)
        return actor


def _count_refused_token(request: HttpRequest) -> None:
    """Slow down whoever tries tokens. One that holds is never slowed down: nobody guesses 256 bits."""
    taken = take_token_try(request)
    if taken.is_refused:
        problem = Throttled("Too many tokens that do not hold.", todo=f"Wait {taken.wait_seconds} seconds.")
        problem.wait_seconds = taken.wait_seconds
        raise problem


class Session(SessionAuth):
    """The browser's own session, with its CSRF check."""

    def __call__(self, request: HttpRequest) -> Actor | None:
        # Who is not signed in hears that first: a token for the form would not help.
        if not request.user.is_authenticated:
            return None
        try:
            key = self._get_key(request)
        except HttpError as failure:
            raise CsrfRefused(
                "A session needs the page's token to change something.",
                where="X-CSRFToken",
                todo=f"Send the value of the cookie {settings.CSRF_COOKIE_NAME} as X-CSRFToken, or use a bearer token.",
            ) from failure
        return self.authenticate(request, key)

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:  # noqa: ARG002 - ninja's signature
        user = request.user
        return org.find_actor_of_user(user.pk) if user.is_authenticated and user.pk else None


class StrictJson(Parser):
    """JSON bodies as the standard has them, in text that PostgreSQL can hold: no NaN, no NUL, no half characters."""

    def parse_body(self, request: HttpRequest) -> Any:
        body = json.loads(request.body, parse_constant=_refuse_constant, object_pairs_hook=_once)
        _check_text(body)
        return body


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        value.encode()
        if "\x00" in value:
            raise ValueError("the text holds a NUL character")
    for part in chain(value, value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_text(part)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What happened, where, what was kept and what to do (RFC 9457). Programs go by `code`.",
    "required": ["type", "title", "status", "code", "detail", "where", "kept", "todo"],
    "properties": {
        "status": {"type": "integer"},
        **{name: {"type": "string"} for name in ("type", "title", "code", "detail", "where", "kept", "todo")},
    },
}


class Api(NinjaAPI):
    """An API whose document says how every operation refuses."""

    def get_openapi_schema(self, **options: Any) -> Any:
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"]["Problem"] = PROBLEM
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"]["default"] = {"description": "Refused or failed", "content": content}
        return schema


def build_api() -> NinjaAPI:
    """Return the API with every room's operations."""
    api = Api(
        title="Closeknit",
        version=__version__,
        description="What customers need, what they were promised, and the capacity that keeps it.",
        auth=[Token(), Session(csrf=True)],
        urls_namespace="api-1",
        docs_url=None,
        parser=StrictJson(),
    )
    for room in ROOMS_WITH_API:
        api.add_router("", import_module(f"closeknit.rooms.{room}.api").router)
    api.add_exception_handler(CloseknitError, _problem)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(AuthenticationError, _not_signed_in)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(RequestDataTooBig, _too_large)
    return api


def _problem(_request: HttpRequest, failure: Any) -> HttpResponse:
    return problem_response(failure)


def _invalid(_request: HttpRequest, failure: Any) -> HttpResponse:
    first = failure.errors[0] if failure.errors else {"loc": (), "msg": "unreadable"}
    where = ".".join(str(part) for part in first.get("loc", ()))
    return problem_response(Invalid(str(first.get("msg", "unreadable")), where=where, todo="See /api/v1/openapi.json."))


def _not_signed_in(request: HttpRequest, _failure: Any) -> HttpResponse:
    if request.headers.get("Authorization", "").startswith("Bearer "):
        # Which of these it is would help nobody but who tries tokens.
        refusal: CloseknitError = NotSignedIn(
            "This token is unknown, expired or revoked.", todo="Issue another: see Your access, or your administrator."
        )
    else:
        refusal = problem_of_status(401)
    response = problem_response(refusal)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http_error(request: HttpRequest, failure: Any) -> HttpResponse:
    if isinstance(failure.__cause__, RequestDataTooBig):
        return _too_large(request, failure.__cause__)
    return problem_response(problem_of_status(failure.status_code, what=str(failure), where=request.path))


def _too_large(_request: HttpRequest, _failure: Any) -> HttpResponse:
    return problem_response(
        TooLarge("The body is larger than is taken at once.", where="body", todo="Send it in several requests.")
    )


api = build_api()
