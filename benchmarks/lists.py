"""How long does the server take for a page of a long list, in each order, at its beginning and deep inside?

Accounts, ledger lines (in threads of four), exceptions, forecast exceptions and contracts, `--rows` of each (100,000).
Two readers: a planner, who sees every account, and an account manager, who sees one team's in three. Each list is read
in each order from five places: the beginning, and behind the rows at a fifth, two fifths and so on. Beside the time on
the clock stands the processor time of this process: it stands still where others load the machine.
"""

import argparse
import time
from datetime import UTC, date, datetime, timedelta
from secrets import token_urlsafe
from typing import Any

from benchmarks._report import percentile, show
from benchmarks._scratch import scratch

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEAMS = ("North", "South", "West")
PLACES_READ = 5
MOST_MS = 100
FIRST_ON = date(2025, 1, 6)
REAL_LINES = 1000
"""Lines that the ledger's own action writes; the rest are copies of them in threads of their own."""
COPY_LINES = """
insert into decisions_ledger_entry
    (thread_id, kind, actor_key, recorded_at, text_key_id, name_key_id, content, leaf)
select md5((%(copy)s * 1000 + id / 4)::text)::uuid, kind, actor_key, recorded_at, text_key_id, name_key_id, content,
       leaf
  from decisions_ledger_entry where id <= %(last)s order by id
"""
LISTS = {
    "/accounts/": ("number", "name", "tier", "region", "since"),
    "/ledger/": ("line", "kind"),
    "/threads/": ("moved", "began"),
    "/exceptions/": ("until", "from", "review", "rule", "account", "owner"),
    "/demand/exceptions/?state=any": ("consequence", "week", "operation", "account", "due"),
    "/contracts/": ("drafted", "title", "account", "from", "until", "number"),
}


def main() -> None:
    """Fill the lists, then read each in each order from several places, as both readers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with scratch():
        _fill(options.rows)
        rows = [row for reader in _readers() for row in _measure(*reader, options.rounds)]
    show(
        f"Server time of a page of 100 rows out of {options.rows:,}, by list, order and reader",
        ("page, order, reader", "median ms", "p95 ms", "p95 CPU ms", "SQL", f"under {MOST_MS} ms"),
        rows,
    )


def _fill(rows: int) -> None:
    for fill in (_fill_accounts, _fill_ledger, _fill_exceptions, _fill_forecast_exceptions, _fill_contracts):
        fill(rows)
    from django.db import connection

    from closeknit.kernel.roles import as_owner

    with as_owner(), connection.cursor() as cursor:
        cursor.execute("vacuum analyze")


def _repeat(first: Any, rows: int, **expressions: str) -> None:
    """Save a row and repeat it, in the database: `expressions` say in SQL what is otherwise in row g."""
    from django.db import connection

    first.save(force_insert=True)
    table, key = first._meta.db_table, first._meta.pk.column
    columns = [field.column for field in first._meta.concrete_fields if field.column != "id" or "id" in expressions]
    chosen = ", ".join(expressions.get(column, f"t.{column}") for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into {table} ({', '.join(columns)}) "
            f"select {chosen} from {table} t, generate_series(1, %s) g where t.{key} = %s",
            [rows - 1, first.pk],
        )


ID = "('00000000-0000-7000-8000-' || lpad(to_hex(g), 12, '0'))::uuid"
NUMBER = "'K' || lpad(g::text, 6, '0')"


def _fill_accounts(rows: int) -> None:
    from closeknit.rooms.customers.models import Account
    from closeknit.rooms.org.models import AccountPlace, Team

    teams = [Team.objects.create(name=name).pk for name in TEAMS]
    team = f"(array{teams})[1 + g %% 3]"
    _repeat(
        AccountPlace(account_number="K000000", team_id=teams[0], region=""), rows, account_number=NUMBER, team_id=team
    )
    first = Account(
        account_number="K000000",
        name="Firm 0",
        tier="volume",
        tier_reason="Stated.",
        team_id=teams[0],
        region="north",
        source_feed="bench",
        since_at=AT,
    )
    _repeat(
        first,
        rows,
        account_number=NUMBER,
        name=f"'Firm ' || g * 7919::bigint %% {rows}",
        tier="(array['strategic', 'key', 'standard'])[1 + least(g %% 10, 2)]",
        team_id=team,
        region="(array['north', 'south', '', 'west'])[1 + g %% 4]",
        since_at="case when g %% 5 > 0 then t.since_at - g * 31 %% 4000 * interval '1 day' end",
    )


def _fill_ledger(rows: int) -> None:
    from django.db import connection, transaction

    from closeknit.kernel import ids
    from closeknit.rooms.decisions.actions.record_entry import record_entry
    from closeknit.rooms.decisions.contracts import Entry
    from closeknit.rooms.org.reads import console_actor

    kinds = ("plan.approved", "plan.proposed", *["batch.loaded"] * 8)
    with transaction.atomic():
        for line in range(REAL_LINES):
            number = f"K{line:06}"
            entry = Entry(ids.new_id(), kinds[line % 10], "plan:1", f"{{actor}} wrote line {line}.", {}, number)
            last = record_entry(entry, by=console_actor())
    with connection.cursor() as cursor:
        for copy in range(1, rows // REAL_LINES):
            cursor.execute(COPY_LINES, {"copy": copy, "last": last})


def _fill_exceptions(rows: int) -> None:
    from closeknit.kernel import ids
    from closeknit.rooms.decisions.models import ExceptionRow

    first = ExceptionRow(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        account_number="K000000",
        deviates_from="Rule 0",
        allowed="More than it says.",
        reason="It was asked for.",
        starts_on=FIRST_ON,
        until_on=FIRST_ON + timedelta(days=40),
        review_on=FIRST_ON + timedelta(days=20),
        owner_key="person:1",
        owner_name="Owner 0",
        requested_by_key="person:1",
        requested_by_name="Bench",
        requested_at=AT,
    )
    _repeat(
        first,
        rows,
        id=ID,
        account_number=NUMBER,
        deviates_from="'Rule ' || g %% 300",
        starts_on="t.starts_on + g * 13 %% 400",
        until_on="t.until_on + g * 13 %% 400 + g %% 50",
        review_on="t.review_on + g * 13 %% 400",
        owner_name="'Owner ' || g %% 40",
    )


def _fill_forecast_exceptions(rows: int) -> None:
    from closeknit.kernel import ids
    from closeknit.rooms.demand.models import ForecastException

    first = ForecastException(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        operation="warehouse",
        level="series",
        service="picking",
        account_number="K000000",
        week_on=FIRST_ON,
        run=_run(),
        horizon_weeks=1,
        causes=["outside its range"],
        mean=100.0,
        low=90.0,
        high=110.0,
        actual=150.0,
        share_limit=0.3,
        consequence=100.0,
        owner_key="role:planner",
        raised_at=AT,
        due_at=AT,
    )
    is_open = "g %% 50 = 0"
    _repeat(
        first,
        rows,
        id=ID,
        operation="(array['warehouse', 'contact', 'field'])[1 + g %% 3]",
        account_number=NUMBER,
        week_on="t.week_on - g %% 100 * 7",
        actual="t.actual + g %% 91",
        consequence="(g * 7919::bigint %% 10007) / 7.0",
        state=f"case when {is_open} then 'open' else 'closed' end",
        closed_at=f"case when {is_open} then null else t.raised_at end",
        finding=f"case when {is_open} then '' else 'explained' end",
        finding_text=f"case when {is_open} then '' else 'It was a promotion.' end",
        due_at="t.due_at + g %% 60 * interval '1 day'",
    )


def _run() -> Any:
    import numpy as np

    from closeknit.kernel import ids
    from closeknit.rooms.demand import compute
    from closeknit.rooms.demand.models import ForecastRun

    empty = compute.ForecastInputs("warehouse", "Europe/Berlin", FIRST_ON, 2, 14, {}, {}, (), (), (), ())
    return ForecastRun.objects.create(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        operation="warehouse",
        grains=["day"],
        time_zone="Europe/Berlin",
        first_on=FIRST_ON,
        weeks=2,
        horizon_days=14,
        made_at=AT,
        stands_since_at=AT,
        data_until_at=AT,
        snapshot_digest="a" * 64,
        result_digest="b" * 64,
        code_version="bench",
        series_count=0,
        wape_share=0.1,
        interval_coverage_share=0.8,
        bias_share=0.0,
        numbers=compute.pack(np.array([0.1, 0.5, 0.9]), []),
        snapshot=compute.pack_inputs(empty),
    )


def _fill_contracts(rows: int) -> None:
    from closeknit.kernel import ids
    from closeknit.rooms.agreements.models import ContractVersion

    first = ContractVersion(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        contract_number="C-0",
        version=1,
        title="Contract 0",
        account_number="K000000",
        starts_on=FIRST_ON,
        time_zone="Europe/Berlin",
        clauses=[],
        drafted_at=AT,
        drafted_by_key="person:1",
    )
    _repeat(
        first,
        rows,
        id=ID,
        contract_number="'C-' || g / 2",
        version="2 + g %% 2",
        state="(array['signed', 'draft', 'proposed'])[1 + g %% 3]",
        title="'Contract ' || g * 7919::bigint %% 1000",
        account_number=NUMBER,
        starts_on="t.starts_on + g * 13 %% 400",
        ends_on="case when g %% 3 > 0 then t.starts_on + g * 13 %% 400 + 365 end",
        drafted_at="t.drafted_at - g * interval '1 minute'",
    )


def _readers() -> list[tuple[str, Any]]:
    from django.contrib.auth import get_user_model

    from closeknit.rooms.org.actions.create_person import create_person
    from closeknit.rooms.org.contracts import Role
    from closeknit.rooms.org.reads import console_actor

    everything = [role for role in Role if role is not Role.CUSTOMER]
    found = []
    for name, roles, teams in (("planner", everything, []), ("manager", [Role.ACCOUNT_MANAGER], ["North"])):
        word = token_urlsafe(24)
        create_person(username=name, name=name.title(), password=word, roles=roles, teams=teams, by=console_actor())
        found.append((name, get_user_model().objects.get(username=name)))
    return found


def _measure(reader: str, user: Any, rounds: int) -> list[tuple[object, ...]]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(user)
    table = []
    for page, orders in LISTS.items():
        if client.get(page).status_code == 403:
            continue
        for sort in [way + order for order in orders for way in ("", "-")]:
            path, _, filters = page.partition("?")
            base = f"{path}?{filters}&sort={sort}" if filters else f"{path}?sort={sort}"
            addresses = [base, *(f"{base}&after={key}" for key in _places(path, sort, user))]
            taken: list[float] = []
            computed: list[float] = []
            for _ in range(rounds):
                for address in addresses:
                    started, cpu = time.perf_counter(), time.process_time()
                    answer = client.get(address)
                    taken.append(1000 * (time.perf_counter() - started))
                    computed.append(1000 * (time.process_time() - cpu))
                    if answer.status_code != 200:
                        raise SystemExit(f"{address} answers {answer.status_code}.")
            with CaptureQueriesContext(connection) as asked:
                client.get(addresses[-1])
            p95 = percentile(taken, 0.95)
            verdict = "yes" if p95 < MOST_MS else "NO"
            cells = (f"{percentile(taken, 0.5):.1f}", f"{p95:.1f}", f"{percentile(computed, 0.95):.1f}", len(asked))
            table.append((f"{path} {sort}, {reader}", *cells, verdict))
    return table


def _places(path: str, sort: str, user: Any) -> list[str]:
    """The keys of the rows a fifth, two fifths ... into what the reader sees of a list."""
    from django.db.models import F

    from closeknit.kernel.keyset import Order
    from closeknit.kernel.scope import acting_as
    from closeknit.rooms.agreements.models import ContractVersion
    from closeknit.rooms.agreements.reads.contracts import CONTRACT_ORDERS
    from closeknit.rooms.customers.models import Account
    from closeknit.rooms.customers.reads.accounts import ACCOUNT_ORDERS
    from closeknit.rooms.decisions.models import ExceptionRow, LedgerEntry
    from closeknit.rooms.decisions.reads.entries import LEDGER_ORDERS
    from closeknit.rooms.decisions.reads.exceptions import EXCEPTION_ORDERS
    from closeknit.rooms.demand.models import ForecastException
    from closeknit.rooms.demand.reads.exceptions import FORECAST_EXCEPTION_ORDERS
    from closeknit.rooms.org.reads import find_actor_of_user

    lists: dict[str, tuple[Any, str, dict[str, Order]]] = {
        "/accounts/": (Account, "account_number", ACCOUNT_ORDERS),
        "/ledger/": (LedgerEntry, "id", LEDGER_ORDERS),
        "/threads/": (LedgerEntry, "thread_id", {"moved": Order("id"), "began": Order("id")}),
        "/exceptions/": (ExceptionRow, "id", EXCEPTION_ORDERS),
        "/demand/exceptions/": (ForecastException, "id", FORECAST_EXCEPTION_ORDERS),
        "/contracts/": (ContractVersion, "id", CONTRACT_ORDERS),
    }
    model, key, orders = lists[path]
    by, value = find_actor_of_user(user.pk), orders[sort.removeprefix("-")].value
    if by is None:
        raise SystemExit("The reader is nobody.")
    with acting_as(by):
        sorted_by = F(value) if isinstance(value, str) else value
        way = sorted_by.desc(nulls_last=True) if sort.startswith("-") else sorted_by.asc(nulls_last=True)
        rows = model.objects.order_by(way, "pk").values_list(key, flat=True)
        seen = rows.count()
        return [str(rows[seen * part // PLACES_READ]) for part in range(1, PLACES_READ)]


if __name__ == "__main__":
    main()
