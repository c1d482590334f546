"""Expectation against promise: answers to surveys beside the time that work took before them, by its own clocks."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.agreements.compute import ClockEvent, read_clock, to_us
from closeknit.rooms.agreements.compute.expectations import PromiseKind, expectation_of
from closeknit.rooms.agreements.contracts.clocks import WorkEventKind
from closeknit.rooms.agreements.contracts.expectations import (
    LEAST_ANSWERS,
    LOOK_BACK_DAYS,
    SATISFIED_SCORE,
    SEEN_DAYS,
    Expectations,
    PairedAnswer,
)
from closeknit.rooms.agreements.models import WorkEvent
from closeknit.rooms.agreements.reads.clocks import (
    STOPS,
    book_of_work,
    events_of_work,
    under_present_numbers,
    whom_of_work,
)
from closeknit.rooms.agreements.reads.regimes import MINUTE_US, TermBook, Whom
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts.answers import SurveyAnswer
from closeknit.rooms.sensing.contracts.timed_work import TimedWork

MOST_ANSWERS = 3_000
MOST_READ = 20_000
MOST_PAIRS = 30_000
LONGEST_DAYS = 3 * 366
_DONE = frozenset({WorkEventKind.DONE})


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one piece of work took by the clock of one promise, and what was allowed."""

    promise: PromiseKind
    minutes: float
    allowed_minutes: float


def get_expectations(
    *,
    by: Actor,
    at: datetime,
    account_number: str = "",
    tier: str = "",
    kind: str = "",
    wanted_score: float | None = None,
    days: int = SEEN_DAYS,
) -> Expectations:
    """Return what answers say of the promises to one account, to a tier's accounts, or to all that the actor may see.

    Args:
        kind: which survey; "": the one that was answered most.
        wanted_score: from which score on customers are satisfied; None: what the setting says.
        days: how far back answers count.

    Raises:
        NotFound: for an account that the actor may not see.
        Invalid: for a tier that there is not, or numbers out of bounds.
    """
    by.require(Permission.READ_ACCOUNTS)
    by.require(Permission.READ_INTERNAL)
    _check(tier, wanted_score, days)
    golden = customers.golden_numbers(by=org.system_actor(), at=None)
    if account_number:
        account = customers.get_account(account_number, by=by, permission=Permission.READ_INTERNAL)
        account_number, tier = account.account_number, ""
    numbers = _numbers(account_number, tier, by)
    place_tier = account.tier.value if account_number else tier
    score, least, look_back = (
        org.get_setting(setting, tier=place_tier, account_number=account_number, at=at, by=org.system_actor()).value
        for setting in (SATISFIED_SCORE, LEAST_ANSWERS, LOOK_BACK_DAYS)
    )
    since = at - timedelta(days=days)
    names = [*numbers, *(alias for alias, kept in golden.items() if kept in numbers)]
    read = sensing.list_survey_answers(
        since=since, until=at, by=org.system_actor(), account_numbers=names, limit=MOST_READ
    )
    counts = Counter(answer.kind for answer in read)
    kind = kind or min(counts, key=lambda name: (-counts[name], name), default="")
    chosen = [answer for answer in read if answer.kind == kind]
    wanted = float(score) if wanted_score is None else wanted_score
    pairs, named = _paired(chosen[:MOST_ANSWERS], golden, int(look_back), at, by)
    return Expectations(
        account_number=account_number,
        tier=tier,
        kind=kind,
        kinds=tuple(sorted(counts)),
        wanted_score=wanted,
        least_answers=int(least),
        look_back_days=int(look_back),
        from_at=since,
        as_of_at=at,
        answers=min(len(chosen), MOST_ANSWERS),
        named=named,
        is_partial=len(chosen) > MOST_ANSWERS or len(read) == MOST_READ,
        promises=tuple(
            expectation_of(promise, found, wanted_score=wanted, least_answers=int(least))
            for promise, found in sorted(pairs.items(), key=lambda item: _order(item[0]))
        ),
    )


def _check(tier: str, wanted_score: float | None, days: int) -> None:
    if tier and tier not in [each.value for each in Tier]:
        raise Invalid("There is no such tier.", where="tier", todo=f"One of {', '.join(t.value for t in Tier)}.")
    if wanted_score is not None and not (math.isfinite(wanted_score) and 0 <= wanted_score <= 100):
        raise Invalid("A score lies between 0 and 100.", where="wanted_score", todo="Such as 4 on a scale to 5.")
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(f"Answers of 1 to {LONGEST_DAYS} days can be told.", where="days", todo="Such as 365.")


def _numbers(account_number: str, tier: str, by: Actor) -> set[str]:
    if account_number:
        return {account_number}
    keys = customers.list_account_keys(by=by, permission=Permission.READ_INTERNAL)
    return {key.account_number for key in keys if tier in ("", key.tier.value)}


def _order(promise: PromiseKind) -> tuple[str, str, str, str]:
    return promise.operation, promise.service, promise.work_class, promise.measure.value


def _paired(
    answers: Sequence[SurveyAnswer], golden: dict[str, str], look_back_days: int, at: datetime, by: Actor
) -> tuple[dict[PromiseKind, list[PairedAnswer]], int]:
    """Hold each answer beside the time of the work that it names, where that ended in the days before it.

    Else beside the mean time that work of each promise took in those days. Also return how many stand beside the work
    that they name.
    """
    back = timedelta(days=look_back_days)
    others: dict[str, list[str]] = defaultdict(list)
    for alias, kept in golden.items():
        others[kept].append(alias)
    owners, windows = [], []
    for place, answer in enumerate(answers):
        kept = golden.get(answer.account_number, answer.account_number)
        for name in (kept, *others[kept]):
            owners.append(place)
            windows.append((name, answer.answered_at - back, answer.answered_at))
    within = sensing.list_work_within(windows, by=org.system_actor(), limit=MOST_PAIRS)
    if len(within) == MOST_PAIRS:
        # What was cut off in the middle of an answer would count in part.
        within = [pair for pair in within if pair[0] < within[-1][0]]
    times = _times([work for _, work in within], at, by)
    very = {owners[window] for window, work in within if _is_named(answers[owners[window]], work, times)}
    of_answer: dict[int, dict[PromiseKind, list[_Taken]]] = defaultdict(lambda: defaultdict(list))
    for window, work in within:
        place = owners[window]
        if place in very and not _is_named(answers[place], work, times):
            continue
        for taken in times.get((work.operation, work.key), ()):
            of_answer[place][taken.promise].append(taken)
    pairs: dict[PromiseKind, list[PairedAnswer]] = defaultdict(list)
    for place, by_promise in sorted(of_answer.items()):
        answer = answers[place]
        number = golden.get(answer.account_number, answer.account_number)
        for promise, took in by_promise.items():
            passed = math.fsum(each.minutes for each in took) / len(took)
            allowed = max(each.allowed_minutes for each in took)
            pairs[promise].append(PairedAnswer(number, passed, answer.score, allowed))
    return pairs, len(very)


def _is_named(answer: SurveyAnswer, work: TimedWork, times: Mapping[tuple[str, str], Sequence[_Taken]]) -> bool:
    return bool(answer.work_key) and answer.work_key == work.key and bool(times.get((work.operation, work.key)))


def _times(work: Iterable[TimedWork], at: datetime, by: Actor) -> dict[tuple[str, str], list[_Taken]]:
    """Return, for each piece of work, what it took by the clock of each promise about it."""
    unique = under_present_numbers(list({(one.operation, one.key): one for one in work}.values()))
    if not unique:
        return {}
    book, whose, events = book_of_work(unique, at), whom_of_work(unique, by), events_of_work(unique, at)
    return {
        (one.operation, one.key): list(
            _of_work(one, whose[one.account_number], events[one.operation, one.key], book, at)
        )
        for one in unique
        if one.account_number in whose
    }


def _of_work(work: TimedWork, whom: Whom, rows: Sequence[WorkEvent], book: TermBook, at: datetime) -> Iterable[_Taken]:
    happened = [ClockEvent(to_us(row.at), WorkEventKind(row.kind), row.work_class or row.reason) for row in rows]
    if work.finished_at is not None:
        happened.append(ClockEvent(to_us(work.finished_at), WorkEventKind.DONE))
    happened.sort(key=lambda event: event.at_us)
    for measure in book.measures(work):
        regimes = book.regimes(work, whom, measure, happened)
        stops = STOPS.get(measure, _DONE)
        reading = read_clock(regimes, to_us(work.occurred_at), happened, to_us(at), stops=stops, warn_share=1.0)
        if reading.stopped_us is None or not reading.term_number:
            continue
        held = [regime for regime in regimes if regime.from_us <= reading.stopped_us] or regimes[:1]
        allowed = held[-1].allowed_us
        term = book.term_at(work, whom, held[-1].term_number, reading.stopped_us) if allowed else None
        if term is not None and allowed is not None:
            promise = PromiseKind(work.operation, term.service, term.work_class, measure)
            yield _Taken(promise, reading.passed_us / MINUTE_US, allowed / MINUTE_US)
