"""What does the ledger cost a business transaction, and how long does a line wait until it is sealed?

The business transaction is one insert by the mapper and its commit; the audited one writes a ledger line in it too.
"Other work" is done in the transaction: computed on the same cores, or waited for elsewhere. Clients are processes of
their own, warm before they are counted (a connection's first transactions load catalogs and plans); both kinds run in
turns, in the same minutes. The processor time of a transaction, its client's and its backend's, is what stands still on
a busy machine. Many clients that wait keep every core busy: there throughput is processor time, waiting counts for
nothing, and the gate of 0.8 is missed on a machine of two cores. `--seconds N` of each turn, `--gates` to fail below.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._report import percentile, show
from benchmarks._scratch import scratch

CLIENTS = (1, 16, 64)
TURNS = 4
WARM_UP = 12
OTHER_WORK_SECONDS = 0.005
GATES = {"bare": 0.5, "5 ms computing": 0.8, "5 ms waiting": 0.8}
LAG_P99_SECONDS = 1.0
TABLE = "bench_order"
SETUP = f"""
create table {TABLE} (id bigserial primary key, account_number varchar(80) not null, quantity integer not null,
    price numeric(18, 2) not null, note varchar(200) not null, ordered_at timestamptz not null default now());
create index on {TABLE} (account_number, id);
grant all on {TABLE}, {TABLE}_id_seq to public;
"""


class _Speed(NamedTuple):
    per_second: float
    cpu_ms: float


def main() -> None:
    """Measure throughput with and without the ledger, then the sealing lag under load."""
    options = _options()
    with scratch("max_connections = 100\n"):
        _as_owner(SETUP)
        rates = {(load, clients): _ratio(load, clients, options.seconds) for load in GATES for clients in CLIENTS}
        lags = {clients: _lags(clients, options.seconds * 2) for clients in (16, 64)}
    show(
        f"Transactions per second, with and without a ledger line; {os.cpu_count()} cores, {TURNS} turns",
        ("load, clients", "without", "with", "ratio", "gate", "CPU ms without", "with", "ratio"),
        [
            (
                *(f"{load}, {clients}", f"{plain[0]:,.0f}", f"{audited[0]:,.0f}", f"{ratio:.2f}", f"{GATES[load]:.1f}"),
                *(f"{plain[1]:.2f}", f"{audited[1]:.2f}", f"{cpu_ratio:.2f}"),
            )
            for (load, clients), (plain, audited, ratio, cpu_ratio) in rates.items()
        ],
    )
    show(
        "Seconds from a line's commit to its signed checkpoint, while clients write",
        ("clients", "lines/s", "p50", "p99", "max", "gate p99"),
        [
            (clients, f"{rate:,.0f}", *(f"{percentile(lag, share):.2f}" for share in (0.5, 0.99, 1)), LAG_P99_SECONDS)
            for clients, (rate, lag) in lags.items()
        ],
    )
    low = [key for key, (_, _, ratio, _) in rates.items() if ratio < GATES[key[0]]]
    slow = [clients for clients, (_, lag) in lags.items() if percentile(lag, 0.99) > LAG_P99_SECONDS]
    if options.gates and (low or slow):
        raise SystemExit(f"Below the gates: {low} {slow}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each turn")
    parser.add_argument("--gates", action="store_true", help="fail where a gate is missed")
    return parser.parse_args(sys.argv[1:])


def _as_owner(statements: str) -> None:
    from django.db import connection

    from closeknit.kernel.roles import as_owner

    with as_owner(), connection.cursor() as cursor:
        cursor.execute(statements)


def _ratio(load: str, clients: int, seconds: float) -> tuple[_Speed, _Speed, float, float]:
    """Return both speeds, and the median ratios of turns taken one right after the other."""
    pairs = []
    for turn in range(TURNS):
        order = (False, True) if turn % 2 == 0 else (True, False)
        found = {audited: _speed(audited, load, clients, seconds / 2) for audited in order}
        pairs.append((found[False], found[True]))
    plain, audited = (_Speed(*map(statistics.median, zip(*side, strict=True))) for side in zip(*pairs, strict=True))
    ratio = statistics.median(b.per_second / a.per_second for a, b in pairs)
    return plain, audited, ratio, statistics.median(a.cpu_ms / b.cpu_ms for a, b in pairs)


def _speed(audited: bool, load: str, clients: int, seconds: float) -> _Speed:
    counts, cpu_seconds = zip(*_together(clients, _work, audited, load, seconds), strict=True)
    return _Speed(sum(counts) / seconds, sum(cpu_seconds) / sum(counts) * 1000)


def _together(clients: int, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Run a function in as many processes at once, begun together; return what each returned."""
    from django.db import connections

    connections.close_all()
    context = multiprocessing.get_context("fork")
    barrier, answers = context.Barrier(clients), context.SimpleQueue()

    def run(number: int) -> None:
        try:
            answers.put(function(number, barrier, *arguments))
        except BaseException as failure:
            barrier.abort()
            answers.put(failure)
        os._exit(0)

    processes = [context.Process(target=run, args=(number,)) for number in range(clients)]
    for process in processes:
        process.start()
    found = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    for answer in found:
        if isinstance(answer, BaseException):
            raise SystemExit(f"A client failed: {answer!r}")
    return found


def _work(number: int, barrier: Any, audited: bool, load: str, seconds: float) -> tuple[int, float]:
    """Return how many transactions were done, and the processor's seconds for them."""
    from closeknit.kernel.scope import seeing_everything

    with seeing_everything():
        transact = _transaction(number, audited, load)
        for _ in range(WARM_UP):
            transact()
        barrier.wait()
        began, ends, done = _cpu_seconds(), time.perf_counter() + seconds, 0
        while time.perf_counter() < ends:
            transact()
            done += 1
        return done, _cpu_seconds() - began


def _cpu_seconds() -> float:
    """Of this client and, where the system tells (Linux), of the backend that serves it."""
    from django.db import connection

    backend = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    served = int(backend.read_text().split()[0]) / 1e9 if backend.exists() else 0.0
    return time.process_time() + served


def _transaction(number: int, audited: bool, load: str) -> Callable[[], None]:
    from decimal import Decimal

    from django.db import transaction

    from closeknit.kernel import ids
    from closeknit.rooms.decisions.actions.record_entry import record_entry
    from closeknit.rooms.decisions.contracts import Entry
    from closeknit.rooms.org.reads import system_actor

    order, by, account = _order_model(), system_actor(), f"A{number}"

    def transact() -> None:
        with transaction.atomic():
            row = order.objects.create(
                account_number=account, quantity=12, price=Decimal("99.90"), note="Deliver before noon."
            )
            _other_work(load)
            if audited:
                record_entry(
                    Entry(
                        thread_id=ids.new_id(),
                        kind="order.placed",
                        subject=f"order:{row.pk}",
                        sentence=f"{account} ordered 12 pieces for 99.90 EUR.",
                        evidence={"order": row.pk, "quantity": 12, "price": row.price, "currency": "EUR"},
                        account_number=account,
                    ),
                    by=by,
                )

    return transact


def _other_work(load: str) -> None:
    if load == "5 ms waiting":
        time.sleep(OTHER_WORK_SECONDS)
    elif load == "5 ms computing":
        ends = time.process_time() + OTHER_WORK_SECONDS
        while time.process_time() < ends:
            pass


def _order_model() -> Any:
    from django.apps import apps
    from django.db import models
    from django.db.models.functions import Now

    with suppress(LookupError):
        return apps.get_model("kernel", "BenchOrder")
    fields = {
        "account_number": models.CharField(max_length=80),
        "quantity": models.IntegerField(),
        "price": models.DecimalField(max_digits=18, decimal_places=2),
        "note": models.CharField(max_length=200),
        "ordered_at": models.DateTimeField(db_default=Now()),
        "Meta": type("Meta", (), {"db_table": TABLE, "app_label": "kernel"}),
        "__module__": __name__,
    }
    return type("BenchOrder", (models.Model,), fields)


def _lags(clients: int, seconds: float) -> tuple[float, list[float]]:
    """Return lines per second and each line's seconds from its commit to the checkpoint that seals it."""
    from django.db import connection

    from closeknit.rooms.decisions.actions.seal_ledger import seal_all
    from closeknit.rooms.org.reads import system_actor

    seal_all(by=system_actor())
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(max(id), 0), coalesce((select max(size) from decisions_ledger_checkpoint), 0)"
            " from decisions_ledger_entry"
        )
        last, size = cursor.fetchone()
    counts = _sealed_meanwhile(lambda: _together(clients, _work, True, "5 ms waiting", seconds))
    with connection.cursor() as cursor:
        cursor.execute(
            "select extract(epoch from c.sealed_at - e.recorded_at)::float8"
            " from decisions_ledger_entry e join decisions_ledger_leaf l on l.entry_id = e.id"
            " join lateral (select sealed_at from decisions_ledger_checkpoint where size > l.number and size > %s"
            "  order by size limit 1) c on true where e.id > %s",
            [size, last],
        )
        return sum(count for count, _ in counts) / seconds, [lag for (lag,) in cursor.fetchall()]


def _sealed_meanwhile(run: Callable[[], list[Any]]) -> list[Any]:
    """Do as the worker does: seal a few times a second, in a process of its own."""
    context = multiprocessing.get_context("fork")
    stop = context.Event()

    def seal() -> None:
        from closeknit.kernel.scope import seeing_everything
        from closeknit.rooms.decisions.jobs import keep_ledger_sealed
        from closeknit.web.wiring import SEAL_EVERY_SECONDS

        with seeing_everything():
            while not stop.wait(SEAL_EVERY_SECONDS):
                keep_ledger_sealed()
            time.sleep(0.5)
            keep_ledger_sealed()
        os._exit(0)

    from django.db import connections

    connections.close_all()
    sealer = context.Process(target=seal)
    sealer.start()
    try:
        return run()
    finally:
        stop.set()
        sealer.join()


if __name__ == "__main__":
    main()
