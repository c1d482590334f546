"""Everything random about some replications, drawn before the first event.

Each replication, class and purpose (arrivals, handling, patience, ...) has a stream of its own, named by those three
and one seed. So call 17 of class 2 brings the same work and the same patience to every variant of a plan: common
random numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import DTypeLike, NDArray

from closeknit.engine import compiled
from closeknit.engine.checks import FloatArray, IntArray
from closeknit.engine.errors import EngineInputError
from closeknit.engine.simulation.arrival_kernels import times_from_gaps
from closeknit.engine.simulation.distributions import Distribution
from closeknit.engine.simulation.model import SimulationPlan, WorkClass

ARRIVALS, HANDLE, PATIENCE, ACCOUNTS, BUSYNESS, INTERVALS, BATCHES, TRIES, RETRY_PATIENCE, RETRY_DELAY = range(10)
PURPOSES = 10

WORK_PER_CALL = 20.0

LARGEST_RUN = 200_000_000
"""Most calls expected in one replication: some 10 GB."""


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """The calls of some replications, in flat arrays; the calls of one class and replication lie side by side.

    `first[replication, class]` is the place of the first; there follow `arrivals[replication, class]` first attempts
    in order of `enter` (minutes), then the retrials, in the order of the calls whose they are, up to
    `last[replication, class]`. Retrials have `enter` infinite until they happen, `delay` before them, and every
    attempt that may be followed by another names it in `next_try` (else -1). `account`, `delay` and `next_try` are
    empty where nobody has one.
    """

    first: IntArray
    arrivals: IntArray
    last: IntArray
    enter: FloatArray
    handle: FloatArray
    patience: FloatArray
    delay: FloatArray
    next_try: IntArray
    account: IntArray


class Memory:
    """Arrays that a plan's batches use one after the other: fresh pages cost more than the numbers written to them."""

    def __init__(self) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}
        self.profiles: list[_Profile] = []

    def floats(self, name: str, size: int) -> FloatArray:
        """An array with anything in it."""
        return self._of(name, size, np.float64)

    def ints(self, name: str, size: int) -> IntArray:
        """An array with anything in it."""
        return self._of(name, size, np.int64)

    def _of(self, name: str, size: int, kind: type) -> NDArray[Any]:
        if name not in self._arrays or self._arrays[name].size < size:
            self._arrays[name] = np.empty(size + size // 16, dtype=kind)
        return self._arrays[name][:size]


class _Words(ISeedSequence):
    """Words made beforehand, as the seed of one generator: ten times faster than a SeedSequence for each."""

    def __init__(self, words: NDArray[np.uint64]) -> None:
        self._words = words

    def generate_state(self, n_words: int, dtype: DTypeLike = np.uint64) -> NDArray[Any]:
        """What SFC64 asks for: three words of 64 bits."""
        del n_words, dtype
        return self._words


def stream_words(seed: tuple[int, ...], replications: range, classes: int) -> NDArray[np.uint64]:
    """Seeds of all streams, `[replication, class, purpose, 3]`: a hash of the run's seed and the stream's name.

    Source: Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators: their mixing function, twice.
    """
    start, key = np.random.SeedSequence(seed).generate_state(2, np.uint64)
    runs: NDArray[np.uint64] = np.array(replications, dtype=np.uint64)
    kinds: NDArray[np.uint64] = np.arange(classes, dtype=np.uint64)
    places: NDArray[np.uint64] = np.arange(4 * PURPOSES, dtype=np.uint64)
    name = (runs << np.uint64(30))[:, None, None] | (kinds << np.uint64(6))[:, None] | places
    words = _mixed(_mixed(start + name * np.uint64(0x9E3779B97F4A7C15)) ^ key)
    return words.reshape(len(replications), classes, PURPOSES, 4)[..., :3].copy()


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


class Streams:
    """The streams of one replication, by class and purpose."""

    def __init__(self, words: NDArray[np.uint64]) -> None:
        self._words = words

    def of(self, work_class: int, purpose: int) -> np.random.Generator:
        """A stream from its beginning."""
        return np.random.Generator(np.random.SFC64(cast(Any, _Words(self._words[work_class, purpose]))))


def seed_of(rng: np.random.Generator) -> tuple[int, ...]:
    """A seed for all streams of a run, drawn from the caller's generator."""
    return tuple(int(word) for word in rng.integers(0, 2**32, size=4))


def expected_calls(plan: SimulationPlan) -> float:
    """First attempts expected in one replication."""
    hours = plan.interval_minutes / 60.0
    calls = [
        float(np.size(work.arrival_minutes))
        if work.arrival_minutes is not None
        else float(_rates(plan, work).sum() * hours)
        for work in plan.classes
    ]
    total = sum(calls)
    if total > LARGEST_RUN:
        raise EngineInputError(
            f"arrivals_per_hour asks for {total:.3g} calls in one replication: give at most {LARGEST_RUN:.0e}; "
            "simulate a shorter time, more often"
        )
    return total


def draw(plan: SimulationPlan, seed: tuple[int, ...], replications: range, memory: Memory | None = None) -> Draws:
    """All that is random in the given replications; what `memory` was given for an earlier draw is lost."""
    memory = memory or Memory()
    streams = [Streams(words) for words in stream_words(seed, replications, len(plan.classes))]
    names = [(part, k) for part in streams for k in range(len(plan.classes))]
    memory.profiles = memory.profiles or [_profile(plan, work) for work in plan.classes]
    room = _Room(memory.floats("times", sum(profile.most for profile in memory.profiles) * len(replications)))
    work = WORK_PER_CALL * expected_calls(plan) * len(replications)
    # Looked up once, for it is called once for every class and replication.
    to_times = compiled.compiled(times_from_gaps) if work >= compiled.SMALL_WORK else times_from_gaps
    enters = [_arrivals(plan.classes[k], memory.profiles[k], part, k, to_times, room) for part, k in names]
    tries = [_tries(plan.classes[k], part, k, times.size) for (part, k), times in zip(names, enters, strict=True)]
    sizes = np.array([times.size + int(more.sum()) for times, more in zip(enters, tries, strict=True)], dtype=np.int64)
    last = np.cumsum(sizes)
    shape = (len(replications), len(plan.classes))
    retrials = any(more.size for more in tries)
    calls = Draws(
        first=(last - sizes).reshape(shape),
        arrivals=np.array([times.size for times in enters], dtype=np.int64).reshape(shape),
        last=last.reshape(shape),
        enter=memory.floats("enter", int(last[-1])),
        handle=memory.floats("handle", int(last[-1])),
        patience=memory.floats("patience", int(last[-1])),
        delay=np.zeros(int(last[-1]) if retrials else 0),
        next_try=np.full(int(last[-1]) if retrials else 0, -1, dtype=np.int64),
        account=np.zeros(int(last[-1]) if plan.accounts else 0, dtype=np.int64),
    )
    for place, (part, k) in enumerate(names):
        _fill(calls, plan.classes[k], part, k, place, enters[place], tries[place])
    return calls


def _rates(plan: SimulationPlan, work: WorkClass) -> FloatArray:
    return np.broadcast_to(np.asarray(work.arrivals_per_hour, dtype=np.float64), (plan.intervals,))


@dataclass(frozen=True, slots=True, eq=False)
class _Profile:
    """What all replications of a class share: epochs expected by interval and up to each time of the clock."""

    expected: FloatArray
    so_far: FloatArray
    clock: FloatArray
    batch_edges: FloatArray
    last_moment: float

    @property
    def most(self) -> int:
        """Epochs that hardly any replication passes."""
        return _most(float(self.so_far[-1]))


def _most(expected: float) -> int:
    return int(expected + 4.0 * expected**0.5) + 10


class _Room:
    """Pieces of one array, handed out one after the other; fresh ones where it is used up."""

    def __init__(self, values: FloatArray) -> None:
        self._values = values
        self._used = 0

    def piece(self, size: int) -> FloatArray:
        """`size` numbers with anything in them."""
        if self._used + size > self._values.size:
            return np.empty(size)
        self._used += size
        return self._values[self._used - size : self._used]


def _profile(plan: SimulationPlan, work: WorkClass) -> _Profile:
    batch_shares = np.asarray(work.batch_shares)
    mean_batch = float(batch_shares @ np.arange(1, batch_shares.size + 1))
    expected = _rates(plan, work) * (plan.interval_minutes / 60.0 / mean_batch)
    return _Profile(
        expected=expected,
        so_far=np.concatenate([[0.0], np.cumsum(expected)]),
        clock=np.arange(plan.intervals + 1, dtype=np.float64) * plan.interval_minutes,
        batch_edges=np.append(np.cumsum(batch_shares)[:-1], np.inf),
        last_moment=float(np.nextafter(plan.horizon_minutes, 0.0)),
    )


def _arrivals(
    work: WorkClass, profile: _Profile, streams: Streams, k: int, to_times: Callable[..., int], room: _Room
) -> FloatArray:
    """Arrival times in minutes, rising: a Poisson process of unit rate, seen through the expected count so far."""
    if work.arrival_minutes is not None:
        return np.array(work.arrival_minutes, dtype=np.float64)
    so_far = profile.so_far
    if work.interval_cv > 0.0 or work.busyness_cv > 0.0:
        expected = profile.expected * _busyness(work, so_far.size - 1, streams, k)
        so_far = np.concatenate([[0.0], np.cumsum(expected)])
    times = _poisson(streams, k, so_far, profile, to_times, room)
    if profile.batch_edges.size > 1:
        numbers = streams.of(k, BATCHES).random(times.size)
        times = np.repeat(times, np.searchsorted(profile.batch_edges, numbers, side="right") + 1)
    return times


def _busyness(work: WorkClass, intervals: int, streams: Streams, k: int) -> FloatArray:
    factor = np.ones(intervals)
    if work.interval_cv > 0.0:
        shape = 1.0 / work.interval_cv**2
        factor = streams.of(k, INTERVALS).standard_gamma(shape, intervals) / shape
    if work.busyness_cv > 0.0:
        shape = 1.0 / work.busyness_cv**2
        factor = factor * streams.of(k, BUSYNESS).standard_gamma(shape) / shape
    return factor


def _poisson(
    streams: Streams, k: int, so_far: FloatArray, profile: _Profile, to_times: Callable[..., int], room: _Room
) -> FloatArray:
    """The points of a Poisson process of which `so_far` are expected up to each time of the clock."""
    size = _most(float(so_far[-1]))
    while True:
        gaps = room.piece(size)
        streams.of(k, ARRIVALS).standard_exponential(out=gaps)
        count = to_times(gaps, so_far, profile.clock, profile.last_moment, gaps)
        if count >= 0:
            return gaps[:count]
        size += size // 2


def _tries(work: WorkClass, streams: Streams, k: int, calls: int) -> IntArray:
    """How often each call would try again at most; empty where nobody does."""
    if work.retry_share == 0.0 or work.max_retries == 0:
        return np.zeros(0, dtype=np.int64)
    tries = streams.of(k, TRIES).geometric(1.0 - work.retry_share, calls) - 1
    return np.minimum(tries, work.max_retries).astype(np.int64)


def _fill(
    calls: Draws,
    work: WorkClass,
    streams: Streams,
    k: int,
    place: int,
    enter: FloatArray,
    tries: IntArray,
) -> None:
    row, column = divmod(place, calls.first.shape[1])
    begin, count, end = (int(part[row, column]) for part in (calls.first, calls.arrivals, calls.last))
    middle = begin + count
    calls.enter[begin:middle] = enter
    work.handle.draw(streams.of(k, HANDLE), calls.handle[begin:middle])
    _fill_patience(work.patience, streams.of(k, PATIENCE), calls.patience[begin:middle])
    if calls.account.size:
        _fill_accounts(work, streams.of(k, ACCOUNTS), calls.account[begin:middle])
    if end == middle:
        return
    calls.enter[middle:end] = np.inf
    whose = np.repeat(np.arange(count), tries)
    calls.handle[middle:end] = calls.handle[begin:middle][whose]
    _fill_patience(work.patience, streams.of(k, RETRY_PATIENCE), calls.patience[middle:end])
    work.retry_delay.draw(streams.of(k, RETRY_DELAY), calls.delay[middle:end])
    if calls.account.size:
        calls.account[middle:end] = calls.account[begin:middle][whose]
    slot = middle + np.cumsum(tries) - tries
    calls.next_try[begin:middle] = np.where(tries > 0, slot, -1)
    calls.next_try[middle : end - 1] = np.where(whose[1:] == whose[:-1], np.arange(middle + 1, end), -1)


def _fill_patience(patience: Distribution | None, rng: np.random.Generator, out: FloatArray) -> None:
    if patience is None:
        out[...] = np.inf
    else:
        patience.draw(rng, out)


def _fill_accounts(work: WorkClass, rng: np.random.Generator, out: IntArray) -> None:
    if work.arrival_accounts is not None:
        out[...] = work.arrival_accounts
    elif work.account_shares is not None:
        shares = np.asarray(work.account_shares)
        edges = np.cumsum(shares)
        out[...] = np.minimum(np.searchsorted(edges, rng.random(out.size), side="right"), np.flatnonzero(shares)[-1])
    else:
        out[...] = -1
