"""Every answer that any test hears is looked at: the headers that protect, on all of them, whoever made them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

PROTECTING = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
)
FORBIDDEN_SOURCES = ("'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:")
recorded: dict[int, int] = {}
"""How many answers were heard, by status."""


def faults(path: str, answer: Any) -> list[str]:
    """Return what is wrong with the headers of an answer."""
    found = [f"no {name}" for name in PROTECTING if name not in answer.headers]
    policy = answer.headers.get("Content-Security-Policy", "")
    words = policy.replace(";", " ").split()
    found += [f"policy allows {source}" for source in FORBIDDEN_SOURCES if source in words]
    for needed in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        if needed not in policy:
            found.append(f"policy without {needed}")
    if not path.startswith("/static/") and "no-store" not in answer.headers.get("Cache-Control", ""):
        found.append("may be stored")
    for name, cookie in answer.cookies.items():
        if name not in ("csrftoken",) and not cookie["httponly"] and cookie.value:
            found.append(f"scripts read the cookie {name}")
        if cookie["samesite"] not in ("Lax", "Strict"):
            found.append(f"other sites send the cookie {name}")
    return found


def _looking(request: Callable[..., Any]) -> Callable[..., Any]:
    def look(client: Any, **environment: Any) -> Any:
        answer = request(client, **environment)
        recorded[answer.status_code] = recorded.get(answer.status_code, 0) + 1
        path = environment.get("PATH_INFO", "")
        assert faults(path, answer) == [], f"{environment.get('REQUEST_METHOD')} {path}: {answer.status_code}"
        return answer

    return look


@pytest.fixture(autouse=True, scope="session")
def _every_answer_is_looked_at() -> Iterator[None]:
    """Look at every answer of Django's test client, in the whole suite."""
    from django.test import Client

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", _looking(Client.request))
        yield
