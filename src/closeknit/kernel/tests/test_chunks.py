"""One function over many chunks gives the same results wherever it runs, and loses none when a worker dies."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from closeknit.kernel import chunks
from closeknit.kernel.chunks import SERIAL, Spread, map_chunks, spread_of
from closeknit.kernel.errors import Conflict, Invalid

PROCESSES = Spread("processes", 2)


def square(number: int) -> int:
    return number * number


def fail_on_three(number: int) -> int:
    if number == 3:
        raise ZeroDivisionError("three")
    return number


def square_or_die_once(task: tuple[int, str]) -> int:
    """Kill this worker the first time it meets seven."""
    number, folder = task
    mark = Path(folder) / "died"
    if number == 7 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def die(_: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def slow_square(task: tuple[int, str]) -> int:
    """Leave this worker's number behind, take a while, answer."""
    number, folder = task
    (Path(folder) / f"{number}-{os.getpid()}").touch()
    time.sleep(0.15)
    return number * number


@pytest.mark.parametrize("spread", [SERIAL, PROCESSES], ids=lambda s: s.kind)
def test_results_come_in_order(spread):
    assert list(map_chunks(square, range(40), spread=spread)) == [n * n for n in range(40)]
    assert list(map_chunks(square, [], spread=spread)) == []


@pytest.mark.parametrize("spread", [SERIAL, PROCESSES], ids=lambda s: s.kind)
def test_a_failure_is_raised_as_it_is(spread):
    with pytest.raises(ZeroDivisionError, match="three"):
        list(map_chunks(fail_on_three, range(6), spread=spread))


def test_chunks_are_taken_as_workers_become_free():
    taken = []

    def made():
        for number in range(1000):
            taken.append(number)
            yield number

    results = map_chunks(square, made(), spread=PROCESSES)
    assert next(results) == 0
    assert len(taken) <= chunks.AHEAD * PROCESSES.workers + 1
    results.close()


def test_a_killed_process_loses_nothing(tmp_path):
    tasks = [(n, str(tmp_path)) for n in range(20)]
    assert list(map_chunks(square_or_die_once, tasks, spread=PROCESSES)) == [n * n for n in range(20)]
    assert (tmp_path / "died").exists()


def test_a_chunk_that_kills_every_worker_is_given_up_with_its_reason():
    with pytest.raises(Conflict, match="died 3 times"):
        list(map_chunks(die, range(3), spread=PROCESSES))


def test_a_cluster_with_a_killed_worker_gives_the_same_results(tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: the cluster was not tried")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        host="127.0.0.1",
        local_directory=str(tmp_path / "scratch"),
    ) as cluster:
        spread = spread_of(cluster.scheduler_address)
        assert spread.kind == "dask"
        seen = tmp_path / "seen"
        seen.mkdir()
        results = map_chunks(slow_square, [(n, str(seen)) for n in range(24)], spread=spread)
        got = [next(results)]
        worked = next(seen.glob("0-*")).name.partition("-")[2]
        assert int(worked) in {worker.pid for worker in cluster.workers.values()}
        os.kill(int(worked), signal.SIGKILL)
        got.extend(results)
        assert got == [n * n for n in range(24)]
        assert {path.name.partition("-")[2] for path in seen.iterdir()} - {worked}


@pytest.mark.parametrize(
    ("text", "kind", "workers"), [("", "serial", 1), ("serial", "serial", 1), ("processes:3", "processes", 3)]
)
def test_the_place_is_read_from_its_text(text, kind, workers):
    assert spread_of(text).kind == kind
    assert spread_of(text).workers == workers


@pytest.mark.parametrize("text", ["threads", "processes:0", "processes:x", "serial:2", "tcp://10.0.0.7:8786"])
def test_a_place_that_makes_no_sense_is_refused(text):
    with pytest.raises(Invalid):
        spread_of(text)


def test_a_cluster_by_tls_may_be_anywhere():
    assert spread_of("tls://10.0.0.7:8786") == Spread("dask", address="tls://10.0.0.7:8786")


def test_a_scheduler_that_is_not_there_is_said_to_be_so():
    pytest.importorskip("distributed", reason="Dask is not installed: the cluster was not tried")
    code = (
        "import sys; from closeknit.kernel.chunks import Spread, map_chunks\n"
        "from closeknit.kernel.errors import Conflict\n"
        "try:\n    list(map_chunks(abs, [1], spread=Spread('dask', address='tcp://127.0.0.1:9')))\n"
        "except Conflict as refusal:\n    print(refusal)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
    assert "does not answer" in done.stdout, done.stderr
