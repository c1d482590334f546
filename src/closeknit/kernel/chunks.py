"""One function over many chunks: in this process, in processes of this machine, or on a Dask cluster.

`map_chunks` gives the same results in the same order wherever it runs. The function must be importable (no lambda, no
closure) and pure: a chunk whose worker died is done again. What it takes and gives crosses processes by pickle.

`CLOSEKNIT_SPREAD` chooses the place: "serial" (the default), "processes", "processes:4", or a Dask scheduler's address,
"tls://scheduler.internal:8786". Whoever reaches a scheduler can run code on its workers: an address without TLS is
refused unless it is this machine's own.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from typing import Any, TypeVar
from urllib.parse import urlsplit

from closeknit.kernel.errors import Conflict, Invalid

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")

VARIABLE = "CLOSEKNIT_SPREAD"
MOST_PROCESSES = 256
MOST_TRIES = 3
AHEAD = 2
"""So many chunks a worker wait or run at once: enough to keep it busy, few enough that memory does not grow."""
OWN_HOSTS = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Spread:
    """Where chunks run: "serial", "processes" with their number, or "dask" with a scheduler's address."""

    kind: str
    workers: int = 1
    address: str = ""


SERIAL = Spread("serial")


def chosen_spread() -> Spread:
    """Return what the environment asks for, or raise Invalid where it does not make sense."""
    return spread_of(os.environ.get(VARIABLE, ""))


def spread_of(text: str) -> Spread:
    """Read a place from its text."""
    kind, _, rest = text.strip().partition(":")
    if kind in ("", "serial") and not rest:
        return SERIAL
    if kind == "processes":
        workers = _count(rest, text) if rest else (os.cpu_count() or 1)
        return Spread("processes", workers)
    if kind in ("tls", "tcp"):
        host = urlsplit(text).hostname or ""
        if kind == "tcp" and host not in OWN_HOSTS:
            raise Invalid(
                f"{text} is a cluster without TLS: whoever reaches it can run code on its workers.",
                where=VARIABLE,
                todo="Set the scheduler up with TLS and write tls://host:port.",
            )
        return Spread("dask", address=text)
    raise Invalid(
        f"{text!r} is no place to run chunks.",
        where=VARIABLE,
        todo='Write "serial", "processes", "processes:4" or "tls://host:port".',
    )


def map_chunks(
    function: Callable[[Chunk], Result], chunks: Iterable[Chunk], *, spread: Spread | None = None
) -> Iterator[Result]:
    """Yield `function(chunk)` for each chunk, in order.

    Chunks are taken as workers become free, so that more of them than memory holds can be made one by one. An exception
    of the function is raised here as it is. A worker that dies costs its chunks' time only: they are done again, three
    times at most.
    """
    place = chosen_spread() if spread is None else spread
    if place.kind == "processes" and place.workers > 1:
        yield from _by_processes(function, iter(chunks), place.workers)
    elif place.kind == "dask":
        yield from _by_dask(function, iter(chunks), place.address)
    else:
        yield from map(function, chunks)


def _count(text: str, whole: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_PROCESSES:
        return int(text)
    raise Invalid(
        f"{whole!r} does not say how many processes.", where=VARIABLE, todo=f"Write processes:1 to {MOST_PROCESSES}."
    )


@dataclass(slots=True)
class _Waiting:
    """A chunk that was handed out, kept until its result is there."""

    chunk: Any
    future: Any
    tries: int = 1


def _by_processes(function: Callable[[Any], Any], chunks: Iterator[Any], workers: int) -> Iterator[Any]:
    waiting: deque[_Waiting] = deque()
    pool = _pool(workers)
    try:
        while True:
            pool = _hand_out(function, chunks, waiting, pool, workers)
            if not waiting:
                return
            try:
                result = waiting[0].future.result()
            except BrokenProcessPool as failure:
                pool.shutdown(wait=False, cancel_futures=True)
                pool = _pool(workers)
                _begin_again(function, waiting, pool, failure)
                continue
            waiting.popleft()
            yield result
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _hand_out(
    function: Callable[[Any], Any],
    chunks: Iterator[Any],
    waiting: deque[_Waiting],
    pool: ProcessPoolExecutor,
    workers: int,
) -> ProcessPoolExecutor:
    while len(waiting) < AHEAD * workers:
        for chunk in chunks:
            try:
                future: Future[Any] = pool.submit(function, chunk)
            except BrokenProcessPool as failure:
                pool = _pool(workers)
                _begin_again(function, waiting, pool, failure)
                future = pool.submit(function, chunk)
            waiting.append(_Waiting(chunk, future))
            break
        else:
            return pool
    return pool


def _pool(workers: int) -> ProcessPoolExecutor:
    # A forked child would share the parent's database connection and its threads' locks.
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


def _begin_again(
    function: Callable[[Any], Any], waiting: deque[_Waiting], pool: ProcessPoolExecutor, failure: BrokenProcessPool
) -> None:
    """Hand out what a dead pool still had; results that were there already stand."""
    for place in waiting:
        if place.future.done() and not place.future.cancelled() and place.future.exception() is None:
            continue
        if place.tries >= MOST_TRIES:
            raise Conflict(
                f"A chunk's worker died {place.tries} times.",
                where="the chunks",
                todo="Look at the machine's memory; make chunks smaller or workers fewer.",
            ) from failure
        place.future, place.tries = pool.submit(function, place.chunk), place.tries + 1


def _by_dask(function: Callable[[Any], Any], chunks: Iterator[Any], address: str) -> Iterator[Any]:
    with _client(address) as client:
        waiting: deque[Any] = deque()
        while True:
            workers = max(len(client.scheduler_info(n_workers=-1)["workers"]), 1)
            while len(waiting) < AHEAD * workers:
                for chunk in chunks:
                    # Two equal chunks are two tasks: results must come as often as chunks did.
                    waiting.append(client.submit(function, chunk, pure=False, retries=MOST_TRIES - 1))
                    break
                else:
                    break
            if not waiting:
                return
            yield waiting.popleft().result()


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        distributed: Any = import_module("distributed")
    except ImportError as failure:
        raise Invalid(
            "A cluster was asked for, and Dask is not installed.",
            where=VARIABLE,
            todo="Install closeknit[cluster], or choose processes.",
        ) from failure
    try:
        client = distributed.Client(address, timeout=10, set_as_default=False)
    except OSError as failure:
        raise Conflict(
            f"The scheduler at {address} does not answer.", where=VARIABLE, todo="Start it, or choose processes."
        ) from failure
    try:
        yield client
    finally:
        client.close()
