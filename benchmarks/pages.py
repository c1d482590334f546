"""Every page of a large company: the server's time, questions to the database, bytes, a browser's first paint."""

import argparse
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from benchmarks._first_paint import first_paints
from benchmarks._large_company import build
from benchmarks._report import percentile, show
from benchmarks._scratch import scratch

SERVER_MS, PAINT_MS = 100.0, 1000.0
LINK = re.compile(r'(?:href|hx-get|data-tile)="(/[^"?#]*)')
# No pages: what a form leads to, what is downloaded, what signs out or asks who one is.
NOT_LOOKED_AT = ("/static/", "/api/", "/sign-", "/you/authenticator", "/you/codes")
WORTH_TELLING_MS = 20.0
LEAST_LOOKS, ENOUGH_MS = 3, 5000.0
"""A slow page is looked at less often: no more once so much time went to it."""


@dataclass
class Page:
    """One page: its address, the route it stands for, and what was measured of it. Times in milliseconds."""

    address: str
    route: str
    is_heavy: bool
    questions: int = 0
    kilobytes: float = 0.0
    sql_ms: float = 0.0
    slowest: tuple[float, str] = (0.0, "")
    taken_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    paint_ms: float | None = None


def main() -> None:
    """Build the company (or find it in `--keep`), look at every page that a link or a route leads to, and print."""
    args = _arguments()
    os.environ.setdefault("CLOSEKNIT_IDLE_MINUTES", "720")
    with _home(args) as home:
        from closeknit.web.demo import step

        with step("Looking at every page"):
            pages = measure(args.rounds)
        addresses = [page.address for page in pages]
        with step("Painting every page in a browser"):
            paints = {} if args.no_browser else first_paints(home, addresses, _cookies(_planner()))
        for page in pages:
            page.paint_ms = paints.get(page.address)
        _print(pages, args)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run bench pages", description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=20_000_000, help="rows of work")
    parser.add_argument("--rounds", type=int, default=15, help="looks at each page (fewer at a slow one)")
    parser.add_argument("--quick", action="store_true", help="400 accounts, 300,000 rows, 5 rounds")
    parser.add_argument("--keep", type=Path, help="a folder to keep the company in, or to find it in: it takes long")
    parser.add_argument("--no-browser", action="store_true", help="leave the first paint out")
    parser.add_argument("--slowest", action="store_true", help="print the slowest statement of each page")
    args = parser.parse_args()
    if args.quick:
        args.accounts, args.rows, args.rounds = 400, 300_000, 5
    return args


@contextmanager
def _home(args: argparse.Namespace) -> Iterator[Path]:
    # Many rows are written at once; what is measured afterwards only reads.
    with scratch("max_wal_size = '8GB'\n", keep=args.keep) as home:
        from closeknit.rooms.capacity import reads as capacity
        from closeknit.rooms.org.reads import console_actor

        if not capacity.list_plans(by=console_actor(), limit=1):
            build(home, accounts=args.accounts, rows=args.rows)
        yield home


def measure(rounds: int) -> list[Page]:
    """Look at every page once, then at all of them in turns."""
    from django.test import Client

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(_planner())
    pages = _every_page(client)
    for _ in range(rounds):
        for page in pages:
            if len(page.taken_ms) >= LEAST_LOOKS and sum(page.taken_ms) > ENOUGH_MS:
                continue
            cpu, wall = time.process_time(), time.perf_counter()
            _content(client.get(page.address))
            page.taken_ms.append(1000 * (time.perf_counter() - wall))
            page.cpu_ms.append(1000 * (time.process_time() - cpu))
    return pages


def _every_page(client: Any) -> list[Page]:
    """Follow links from the routes that need no argument: of each route the first address found stands for all."""
    waiting, known, pages = _plain_routes(), set(), []
    while waiting:
        address = waiting.pop(0)
        route = _route(address)
        if route is None or route in known or address.startswith(NOT_LOOKED_AT):
            continue
        page, text = _look(client, address, route)
        if page is None:
            continue
        known.add(route)
        pages.append(page)
        waiting += [link for link in LINK.findall(text) if _route(link) not in known]
    return pages


def _look(client: Any, address: str, route: str) -> tuple[Page | None, str]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from closeknit.web.analysis import ROUTES

    # The first look fills what is kept between requests; the second one is measured.
    if client.get(address).status_code != 200:
        return None, ""
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
        content = _content(answer)
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return None, ""
    page = Page(address, route, route in ROUTES, len(asked), len(content) / 1000)
    taken = [(1000 * float(one["time"]), str(one["sql"])) for one in asked.captured_queries]
    page.sql_ms = sum(ms for ms, _ in taken)
    page.slowest = max(taken, default=(0.0, ""))
    return page, content.decode()


def _content(answer: Any) -> bytes:
    return bytes(answer.getvalue())


def _plain_routes() -> list[str]:
    from closeknit.web.urls import urlpatterns

    routes = (str(pattern.pattern) for pattern in urlpatterns if hasattr(pattern, "name"))
    return ["/" + route for route in routes if "<" not in route]


def _route(address: str) -> str | None:
    from django.urls import Resolver404, resolve

    try:
        return str(resolve(address).route)
    except Resolver404:
        return None


def _planner() -> Any:
    """Return somebody who may see everything that staff may see."""
    from django.contrib.auth import get_user_model

    from closeknit.rooms.org.actions.create_person import create_person
    from closeknit.rooms.org.contracts import Role
    from closeknit.rooms.org.reads import console_actor

    people = get_user_model().objects
    if not people.filter(username="bench").exists():
        roles = [role for role in Role if role is not Role.CUSTOMER]
        create_person(
            username="bench", name="Bench", password=token_urlsafe(24), roles=roles, teams=[], by=console_actor()
        )
    return people.get(username="bench")


def _cookies(user: Any) -> dict[str, str]:
    from django.test import Client

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(user)
    return {name: morsel.value for name, morsel in client.cookies.items()}


def _print(pages: list[Page], args: argparse.Namespace) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select count(*) from customers_account")
        accounts = cursor.fetchone()[0]
        cursor.execute("select sum(accepted) from sensing_batch")
        work = cursor.fetchone()[0]
    ranked = sorted(pages, key=lambda page: -percentile(page.taken_ms, 0.5))
    show(
        f"{len(pages)} pages, {accounts:,} accounts, {work:,} rows accepted, {args.rounds} rounds (h: a heavy read)",
        ("page", "looks", "p50 ms", "p95 ms", "cpu ms", "SQL ms", "SQL", "kB", "paint ms", "met"),
        [_row(page) for page in ranked],
    )
    judged = [page for page in pages if not page.is_heavy]
    late = [page for page in judged if percentile(page.taken_ms, 0.95) >= SERVER_MS]
    print(f"\n{len(judged) - len(late)} of {len(judged)} pages answer in under {SERVER_MS:.0f} ms (p95).")
    if args.slowest:
        for page in ranked:
            if page.slowest[0] >= WORTH_TELLING_MS:
                print(f"\n/{page.route}: {page.slowest[0]:.0f} ms\n{page.slowest[1][:3000]}")


def _row(page: Page) -> tuple[object, ...]:
    slow = percentile(page.taken_ms, 0.95)
    met = slow < SERVER_MS and (page.paint_ms is None or page.paint_ms < PAINT_MS)
    return (
        f"/{page.route}{' (h)' if page.is_heavy else ''}",
        len(page.taken_ms),
        f"{percentile(page.taken_ms, 0.5):.1f}",
        f"{slow:.1f}",
        f"{percentile(page.cpu_ms, 0.5):.1f}",
        f"{page.sql_ms:.0f}",
        page.questions,
        f"{page.kilobytes:,.0f}",
        "" if page.paint_ms is None else f"{page.paint_ms:,.0f}",
        "yes" if met else "NO",
    )


if __name__ == "__main__":
    main()
