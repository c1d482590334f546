"""Promise or price for one request: what the server takes for it, over HTTP, on the sample company."""

import json
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from benchmarks._report import percentile, show
from benchmarks._server import ask, database_process, processor_seconds, served

COUNT, AIM_MS = 200, 100.0
PATH = "/api/v1/requests/price"
SHARES = (0.001, 0.01, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 3.0)
"""Units asked for, as shares of what a week brings of the service: from what goes unnoticed to what never fits."""


def requests(home: Path) -> None:
    """Ask for prices of requests of all kinds against each operation's plan; print what they took."""
    asked = list(_bodies())
    rows = [_through_django(asked), *_through_the_server(asked, home)]
    headings = ("promise or price for one request", "requests", "answers", "median ms", "p95 ms", "aim ms", "met")
    show(f"{COUNT} requests of all kinds, sample company", headings, rows)


def _bodies() -> Iterator[dict[str, Any]]:
    """Return requests of every operation, service, week, size, and of accounts planned alone and with their tier."""
    from closeknit.rooms.capacity import reads as capacity
    from closeknit.rooms.capacity.reads.what_if import get_plan_to_change
    from closeknit.rooms.customers import reads as customers
    from closeknit.rooms.org.reads import console_actor

    by, rng = console_actor(), random.Random(7)
    operations = capacity.list_operations_planned(by=by)
    every = [key.account_number for key in customers.list_account_keys(by=by)]
    for number in range(COUNT):
        plan = get_plan_to_change(None, operation=operations[number % len(operations)], by=by)
        panel = rng.choice(plan.numbers.panels)
        place = rng.randrange(len(panel.total_keys))
        service, region = panel.total_keys[place]
        alone = [key.account_number for key in panel.keys if key.account_number]
        week_on = plan.inputs.first_on + timedelta(days=7 * rng.randrange(plan.inputs.weeks))
        units = max(round(float(panel.total_weekly_mean[place].mean()) * rng.choice(SHARES), 2), 0.5)
        request = {
            "account_number": rng.choice(alone if alone and rng.random() < 0.5 else every),
            "service": service,
            "units": units,
            "week_on": str(week_on),
            "region": region,
        }
        yield {"operation": plan.operation, "request": request}


def _through_django(asked: list[dict[str, Any]]) -> tuple[object, ...]:
    """CPU of this process alone, database left out: routes, rights, queries, plans, JSON."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    _person("bench-requests")
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(get_user_model().objects.get(username="bench-requests"))
    taken, answers = [], 0
    for body in asked:
        started = time.process_time()
        answer = client.post(PATH, json.dumps(body), content_type="application/json")
        taken.append(1000 * (time.process_time() - started))
        answers += answer.status_code == 200
    return _row("this process (CPU)", taken, answers)


def _through_the_server(asked: list[dict[str, Any]], home: Path) -> list[tuple[object, ...]]:
    """Processor and wait for each request, over a socket. The processor is counted in ticks of 10 ms: read p95 so."""
    taken, waited, answers = [], [], 0
    with served() as (port, headers, server):
        sent = headers | {"Content-Type": "application/json"}
        database = database_process(home)
        for body in asked:
            before, started = processor_seconds(server, database), time.perf_counter()
            answers += bool(ask(port, sent, PATH, json.dumps(body).encode()))
            waited.append(1000 * (time.perf_counter() - started))
            taken.append(1000 * (processor_seconds(server, database) - before))
    return [_row("server and database (CPU)", taken, answers), _row("over HTTP, on the clock", waited, answers)]


def _row(name: str, taken: list[float], answers: int) -> tuple[object, ...]:
    worst = percentile(taken, 0.95)
    return (
        name,
        len(taken),
        answers,
        f"{percentile(taken, 0.5):.0f}",
        f"{worst:.0f}",
        f"< {AIM_MS:.0f}",
        "yes" if worst < AIM_MS else "NO",
    )


def _person(username: str) -> None:
    from closeknit.rooms.org.actions.create_person import create_person
    from closeknit.rooms.org.contracts import Role
    from closeknit.rooms.org.reads import console_actor

    create_person(
        username=username,
        name="Bench",
        password=token_urlsafe(24),
        roles=[role for role in Role if role is not Role.CUSTOMER],
        teams=[],
        by=console_actor(),
    )
