"""How long does the server take for each page of the sample company? Without a socket and without a browser."""

import time
from secrets import token_urlsafe
from typing import Any

from benchmarks._report import percentile, show
from benchmarks._scratch import load_company, scratch, write_company

ACCOUNTS, WEEKS, ROUNDS = 400, 104, 25
LISTS = (
    "/", "/plans/", "/accounts/", "/terms/", "/demand/", "/board/", "/threads/", "/ledger/", "/feeds/",
    "/feeds/sample-company/", "/work/", "/tiles/inbox/", "/tiles/plans/", "/tiles/feeds/", "/tiles/work/",
    "/board/?format=csv", "/api/v1/plans",
)  # fmt: skip


def main() -> None:
    """Load and plan the company, then ask for each page in turns, and print median, p95 and the count of SQL."""
    with scratch() as home:
        load_company(write_company(home, accounts=ACCOUNTS, weeks=WEEKS))
        rows = _measure()
    show(
        f"Server time by page, {ACCOUNTS} accounts, {ROUNDS} rounds",
        ("page", "median ms", "p95 ms", "SQL", "kB", "times the leanest"),
        rows,
    )


def _measure() -> list[tuple[object, ...]]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    pages = _pages()
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(_planner())
    sizes: dict[str, tuple[int, float]] = {}
    for page in pages:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(page)
        if answer.status_code != 200:
            raise SystemExit(f"{page} answers {answer.status_code}.")
        sizes[page] = (len(asked), len(answer.getvalue()) / 1000)
    taken: dict[str, list[float]] = {page: [] for page in pages}
    for _ in range(ROUNDS):
        for page in pages:
            started = time.perf_counter()
            client.get(page).getvalue()
            taken[page].append(1000 * (time.perf_counter() - started))
    medians = {page: percentile(times, 0.5) for page, times in taken.items()}
    leanest = min(medians.values())
    return [
        (
            name,
            f"{medians[page]:.1f}",
            f"{percentile(taken[page], 0.95):.1f}",
            sizes[page][0],
            f"{sizes[page][1]:,.0f}",
            f"{medians[page] / leanest:.1f}",
        )
        for page, name in sorted(pages.items(), key=lambda item: -medians[item[0]])
    ]


def _pages() -> dict[str, str]:
    from closeknit.kernel import jobs
    from closeknit.rooms.capacity import reads as capacity
    from closeknit.rooms.capacity.actions.start_plan import start_plan
    from closeknit.rooms.customers import reads as customers
    from closeknit.rooms.org.reads import console_actor

    by = console_actor()
    for operation in capacity.list_operations_planned(by=by):
        start_plan(operation, weeks=8, by=by)
    jobs.run_until_idle()
    pages = {page: page for page in LISTS}
    for plan in capacity.list_plans(by=by):
        pages[f"/plans/{plan.plan_id}/"] = f"/plans/… ({plan.operation})"
        pages[f"/threads/{plan.thread_id}/"] = f"/threads/… ({plan.operation})"
        pages[f"/demand/{plan.forecast_run_id}/"] = f"/demand/… ({plan.operation})"
    account = customers.list_account_keys(by=by)[0].account_number
    return pages | {
        f"/accounts/{account}/": "/accounts/…",
        f"/tiles/account-capacity/?account={account}": "/tiles/account-capacity/…",
        f"/tiles/account-demand/?account={account}": "/tiles/account-demand/…",
    }


def _planner() -> Any:
    from django.contrib.auth import get_user_model

    from closeknit.rooms.org.actions.create_person import create_person
    from closeknit.rooms.org.contracts import Role
    from closeknit.rooms.org.reads import console_actor

    create_person(
        username="bench",
        name="Bench",
        password=token_urlsafe(24),
        roles=[role for role in Role if role is not Role.CUSTOMER],
        teams=[],
        by=console_actor(),
    )
    return get_user_model().objects.get(username="bench")


if __name__ == "__main__":
    main()
