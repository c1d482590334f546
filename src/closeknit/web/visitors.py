"""Who knocks: the address a request comes from, how often it may try to prove who it is, and known browsers.

Tries count for the account and for the address, each ten a minute over all processes. A browser in which a person has
signed in before has a count of its own, so that nobody can keep that person out by guessing from elsewhere.
"""

import secrets
from collections.abc import Callable
from functools import wraps
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from closeknit.kernel import throttle
from closeknit.kernel.throttle import Taken

KNOWN_SALT = "closeknit.known-browser"
KNOWN_SECONDS = 180 * 24 * 3600
CODE_TRIES = 5


def address_of(request: HttpRequest) -> str:
    """Return the address that the request came from.

    X-Forwarded-For counts only behind a proxy of ours (CLOSEKNIT_BEHIND_PROXY), and only the part that it added: the
    last. Whatever stands before it was said by the visitor.
    """
    said = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    for candidate in (said.rpartition(",")[2].strip(), str(request.META.get("REMOTE_ADDR", ""))):
        try:
            return str(ip_address(candidate))
        except ValueError:
            continue
    return "unknown"


def neighbourhood_of(address: str) -> str:
    """Return what tries are counted for: the address, or for version 6 the /64 that one visitor has whole."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)


def take_password_try(request: HttpRequest, username: str) -> Taken:
    """Count a try of a password for a user name from this address."""
    account = f"password:{username.casefold()}"
    nonce = _nonce_of_known(request, username)
    return throttle.take_try([f"{account}:{nonce}" if nonce else account, _address_key(request)])


def take_code_try(request: HttpRequest, user_id: int) -> Taken:
    """Count a try of a one-time code for a user from this address. Codes are short: fewer tries than for passwords."""
    taken = throttle.take_try([f"code:{user_id}"], most=CODE_TRIES)
    if taken.is_refused:
        return taken
    here = throttle.take_try([_address_key(request)])
    if here.is_refused:
        throttle.give_back(taken)
        return here
    return Taken(ids=taken.ids + here.ids)


def take_address_try(request: HttpRequest) -> Taken:
    """Count a try from this address."""
    return throttle.take_try([_address_key(request)])


def take_token_try(request: HttpRequest) -> Taken:
    """Count a token that was refused, for this address."""
    return throttle.take_try([f"token:{neighbourhood_of(address_of(request))}"])


def remember(response: HttpResponse, username: str) -> None:
    """Make the browser one in which this person has signed in before."""
    value = signing.dumps([username.casefold(), secrets.token_urlsafe(12)], salt=KNOWN_SALT)
    response.set_cookie(
        settings.KNOWN_COOKIE_NAME,
        value,
        max_age=KNOWN_SECONDS,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )


def is_known(request: HttpRequest, username: str) -> bool:
    """Tell whether this person has signed in before in this browser."""
    return bool(_nonce_of_known(request, username))


def sensitive(view: Callable[..., Any]) -> Callable[..., Any]:
    """Keep what was posted out of every report of a fault."""
    from django.views.decorators.debug import sensitive_post_parameters

    return wraps(view)(sensitive_post_parameters()(view))


def _nonce_of_known(request: HttpRequest, username: str) -> str:
    value = request.COOKIES.get(settings.KNOWN_COOKIE_NAME, "")
    try:
        name, nonce = signing.loads(value, salt=KNOWN_SALT, max_age=KNOWN_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(nonce) if name == username.casefold() else ""


def _address_key(request: HttpRequest) -> str:
    return f"address:{neighbourhood_of(address_of(request))}"
