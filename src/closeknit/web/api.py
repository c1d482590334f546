"""The JSON API under /api/v1: one OpenAPI document, session or token sign-in, errors as problem+json."""

import json
from importlib import import_module
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer, SessionAuth

from closeknit import __version__
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError, Invalid
from closeknit.rooms.org import reads as org

ROOMS_WITH_API = ("decisions", "sensing", "customers", "agreements", "demand", "capacity", "outcomes")


class Token(HttpBearer):
    """`Authorization: Bearer ck_…`, a token issued with `closeknit org token LABEL --as NAME`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        actor = org.find_actor_of_token(token)
        if actor is not None:
            request.actor = actor  # type: ignore[attr-defined]
        return actor


class Session(SessionAuth):
    """The browser's own session, with its CSRF check."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:  # noqa: ARG002 - ninja's signature
        user = request.user
        return org.find_actor_of_user(user.pk) if user.is_authenticated and user.pk else None


class NotSignedIn(CloseknitError):
    """No credentials, or none in force."""

    code, status, title = "not_signed_in", 401, "Sign in first"


def build_api() -> NinjaAPI:
    """Return the API with every room's operations."""
    api = NinjaAPI(
        title="Closeknit",
        version=__version__,
        description="What customers need, what they were promised, and the capacity that keeps it.",
        auth=[Token(), Session(csrf=True)],
        urls_namespace="api-1",
        docs_url=None,
    )
    for room in ROOMS_WITH_API:
        api.add_router("", import_module(f"closeknit.rooms.{room}.api").router)
    api.add_exception_handler(CloseknitError, _problem)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(AuthenticationError, _not_signed_in)
    api.add_exception_handler(HttpError, _http_error)
    return api


def _problem(_request: HttpRequest, failure: Any) -> HttpResponse:
    return _answer(failure)


def _invalid(_request: HttpRequest, failure: Any) -> HttpResponse:
    first = failure.errors[0] if failure.errors else {"loc": (), "msg": "unreadable"}
    where = ".".join(str(part) for part in first.get("loc", ()))
    return _answer(Invalid(str(first.get("msg", "unreadable")), where=where, todo="See /api/v1/openapi.json."))


def _not_signed_in(_request: HttpRequest, _failure: Any) -> HttpResponse:
    response = _answer(
        NotSignedIn("This needs a signed-in person or a token.", todo="Send Authorization: Bearer, or sign in.")
    )
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http_error(request: HttpRequest, failure: Any) -> HttpResponse:
    problem = Invalid(str(failure), where=request.path)
    problem.status = failure.status_code  # type: ignore[misc]
    return _answer(problem)


def _answer(problem: CloseknitError) -> HttpResponse:
    return HttpResponse(
        json.dumps(problem.as_problem()), status=problem.status, content_type="application/problem+json"
    )


api = build_api()
