"""The product's own web server on a free port, and what a client asks of it."""

import http.client
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe

SECONDS = 600


@contextmanager
def served(headers: dict[str, str] | None = None) -> Iterator[tuple[int, dict[str, str], int]]:
    """Start the server; give its port, the headers of somebody who may load data and see plans, and its process."""
    from closeknit.web import serve

    headers = headers or _signed_in()
    port = serve.free_port(0)
    server = serve._start([*serve._granian(), "--port", str(port)])
    try:
        serve._wait_until_up(port, server)
        yield port, headers, server.pid
    finally:
        serve._stop([server])


@contextmanager
def with_worker() -> Iterator[int]:
    """Start the product's own worker beside the server; give its process."""
    from closeknit.web import serve

    worker = serve._start([sys.executable, "-m", "closeknit.web.worker", "--quiet"])
    try:
        yield worker.pid
    finally:
        serve._stop([worker])


def ask(port: int, headers: dict[str, str], path: str, body: bytes | None = None) -> bytes:
    """Ask for a path, or post lines to it, and return the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    sent = ({"Content-Type": "application/x-ndjson"} if body is not None else {}) | headers
    connection.request("GET" if body is None else "POST", path, body, sent)
    answer = connection.getresponse()
    found = answer.read()
    connection.close()
    if answer.status >= 300:
        raise SystemExit(f"{path} answers {answer.status}: {found[:300]!r}")
    return found


def post_all(port: int, headers: dict[str, str], path: str, parts: Sequence[Sequence[bytes]]) -> float:
    """Post parts of lines one after another; return the seconds it took."""
    bodies = [b"\n".join(part) for part in parts]
    started = time.perf_counter()
    for body in bodies:
        ask(port, headers, path, body)
    return time.perf_counter() - started


def processor_seconds(*roots: int) -> float:
    """Return what processes and all they started have used of the processor; 0 where the system hides it."""
    if not Path("/proc/self/stat").exists():
        return 0.0
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
        ticks[int(path.parent.name)] = sum(map(int, fields[11:15]))
    return sum(ticks[pid] for pid in ticks if _descends(pid, set(roots), parents)) / os.sysconf("SC_CLK_TCK")


def database_process(home: Path) -> int:
    """Return the process of the scratch database."""
    return int(next(home.glob("database/**/postmaster.pid")).read_text().splitlines()[0])


def _descends(pid: int, roots: set[int], parents: dict[int, int]) -> bool:
    while pid and pid not in roots:
        pid = parents.get(pid, 0)
    return bool(pid)


def _signed_in() -> dict[str, str]:
    """Return a token for the API and a session for pages."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    from closeknit.rooms.org.actions.create_person import create_person
    from closeknit.rooms.org.actions.issue_token import issue_token
    from closeknit.rooms.org.contracts import Permission, Role
    from closeknit.rooms.org.reads import console_actor, find_actor_by_username

    create_person(
        username="bench",
        name="Bench",
        password=token_urlsafe(24),
        roles=[role for role in Role if role is not Role.CUSTOMER],
        teams=[],
        by=console_actor(),
    )
    actor = find_actor_by_username("bench")
    assert actor is not None
    scopes = (
        Permission.LOAD_DATA,
        Permission.READ_FEEDS,
        Permission.READ_ACCOUNTS,
        Permission.READ_CAPACITY,
        Permission.READ_PRICES,
    )
    token = issue_token(label="bench", scopes=scopes, by=actor)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(get_user_model().objects.get(username="bench"))
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    return {"Authorization": f"Bearer {token.token}", "Cookie": cookies}
