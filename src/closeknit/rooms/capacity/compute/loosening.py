"""Promises loosened step by step in one pool, each planned again: what a step of service costs, and the ways back."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from closeknit.rooms.agreements.contracts import Measure, Term
from closeknit.rooms.agreements.contracts.terms import say_promise
from closeknit.rooms.capacity.compute.buffers import Cushion, alone_hours
from closeknit.rooms.capacity.compute.deadline import MINUTES_PER_DAY
from closeknit.rooms.capacity.compute.holding import hold_ready
from closeknit.rooms.capacity.compute.inputs import PlanInputs
from closeknit.rooms.capacity.compute.need import need_of
from closeknit.rooms.capacity.compute.prices import money
from closeknit.rooms.capacity.compute.routing import route_of
from closeknit.rooms.capacity.contracts import Staffing
from closeknit.rooms.capacity.contracts.buffers import BufferPromise, BufferWay, LooserBy, PoolBuffer
from closeknit.rooms.demand.contracts import ForecastNumbers

POINT = 0.01
POINTS_OF_A_STEP = 5
"""One point alone often frees no whole person in any half-hour."""
LEAST_SHARE = 0.5
MOST_WAYS = 6
LEAST_SAVED_HOURS = 0.05
MOST_NAMED = 5
EVERY = "every promise here"

Key = tuple[float, float, str]
"""A promise as customers read it: minutes, share and clock. Terms with the same key are loosened together."""


@dataclass(frozen=True, slots=True)
class WantedTime:
    """Up to which time customers stay satisfied with work of one kind, which was promised sooner."""

    service: str
    work_class: str
    measure: Measure
    minutes: float


@dataclass(frozen=True, slots=True)
class Looseness:
    """How far promises may give: by which share of its time a promise to an account or a tier may bend (by account
    number, else by tier), and up to which time customers stay satisfied.
    """

    bend_of_account: tuple[tuple[str, float], ...] = ()
    bend_of_tier: tuple[tuple[str, float], ...] = ()
    wanted: tuple[WantedTime, ...] = ()

    def bend(self, account_number: str, tier: str) -> float:
        """The share of its time by which a promise may bend; 0: not at all."""
        return dict(self.bend_of_account).get(account_number, dict(self.bend_of_tier).get(tier, 0.0))


@dataclass(frozen=True, slots=True)
class _Way:
    by: LooserBy
    before: str
    after: str
    keys: frozenset[Key]
    terms: tuple[Term, ...]


def pool_buffer(
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    cushion: Cushion,
    *,
    target_share: float,
    looseness: Looseness,
) -> PoolBuffer:
    """Hold a pool's buffers against what may be buffer. Above it: which looser promises bring it back.

    It names accounts and tells totals of all: for who sees every account.
    """
    weeks = float(inputs.weeks)
    need = float(cushion.need.need.sum()) / weeks
    expected = float(cushion.expected.sum())
    buffer = need - expected
    share = buffer / need if need > 0 else 0.0
    rate = cushion.cost_per_hour
    apart = alone_hours(inputs, numbers, cushion)
    saves = None if apart is None else apart - need
    above = share > target_share
    again = _Again(inputs, numbers, cushion)
    promises = tuple(_promises(again))
    ways = tuple(_ways(again, target_share, looseness)) if above else ()
    return PoolBuffer(
        pool=cushion.pool.pool,
        pool_name=cushion.pool.name,
        unit=cushion.pool.unit,
        need_hours=need,
        expected_hours=expected,
        buffer_hours=buffer,
        guaranteed_hours=float(cushion.held.sum()),
        varying_hours=float(cushion.varying.sum()),
        buffer_share=share,
        target_share=target_share,
        is_above=above,
        alone_hours=None if apart is None else apart - expected,
        pooling_saves_hours=saves,
        claimants=len(cushion.claimants),
        cost_per_week=money(buffer * rate),
        pooling_saves_cost=None if saves is None else money(saves * rate),
        promises=promises,
        ways=ways,
        sentence=_said(need, expected, buffer, target_share, saves, len(cushion.claimants), ways),
    )


def key_of(term: Term) -> Key:
    """Return by what a term is one promise with others."""
    return float(term.threshold_minutes), float(term.target_share), term.clock.value


class _Again:
    """One pool, planned again with other terms."""

    def __init__(self, inputs: PlanInputs, numbers: ForecastNumbers, cushion: Cushion) -> None:
        self.inputs, self.numbers, self.cushion = inputs, numbers, cushion
        self.is_queue = cushion.pool.staffing == Staffing.INTERVAL
        self.step_words = f"{POINTS_OF_A_STEP} points less" if self.is_queue else "one day more"
        self.hours = float(cushion.need.need.sum())
        self.expected = float(cushion.expected.sum()) * inputs.weeks
        self.terms = {key_of(t): t for t in cushion.promise_of_key.values() if t is not None}
        # From the strictest: shorter time, then higher share.
        self.keys = sorted(self.terms, key=lambda key: (key[0], -key[1], key[2]))

    def hours_with(self, terms: Iterable[Term]) -> float:
        """Return the pool's hours in all weeks with other terms; guarantees are held as they are."""
        changed = replace(self.inputs, terms=tuple(terms))
        route = route_of(self.cushion.pool, self.numbers)
        assert route is not None
        holds = bool(np.any(self.cushion.held > 0))
        need = need_of(changed, self.cushion.pool, self.numbers, route, None, not holds)
        return float((hold_ready([need], changed, self.numbers)[0] if holds else need).need.sum())

    def saved(self, terms: Iterable[Term]) -> float:
        """Return the hours that a mean week needs less."""
        return (self.hours - self.hours_with(terms)) / self.inputs.weeks

    def share_after(self, saved: float) -> float:
        """Return which share is buffer when a mean week needs so many hours less."""
        left = self.hours - saved * self.inputs.weeks
        return max(left - self.expected, 0.0) / left if left > 0 else 0.0

    def with_each(self, keys: Iterable[Key], looser: Callable[[Term], Term]) -> tuple[Term, ...]:
        """Return all terms, those of some promises loosened."""
        chosen = set(keys)
        return tuple(looser(t) if key_of(t) in chosen else t for t in self.inputs.terms)

    def step(self, term: Term) -> Term:
        """Return a term a step looser: in a queue some points of its share, else a day."""
        if self.is_queue:
            share = max(float(term.target_share) - POINTS_OF_A_STEP * POINT, min(LEAST_SHARE, float(term.target_share)))
            return replace(term, target_share=round(share, 6))
        return replace(term, threshold_minutes=float(term.threshold_minutes) + MINUTES_PER_DAY)

    def whose(self, keys: Iterable[Key]) -> tuple[tuple[str, ...], int]:
        """Return who has these promises here: a few accounts (or tiers), and how many others."""
        chosen = set(keys)
        held = sorted(
            {
                (key.account_number == "", key.account_number or f"the rest of tier {key.tier}")
                for key, term in self.cushion.promise_of_key.items()
                if term is not None and key_of(term) in chosen
            }
        )
        return tuple(name for _, name in held[:MOST_NAMED]), max(len(held) - MOST_NAMED, 0)


def _promises(again: _Again) -> list[BufferPromise]:
    """Return each promise with the buffers of those whose strictest it is, the dearest step first."""
    cushion, rate = again.cushion, again.cushion.cost_per_hour
    strictest: dict[Key, float] = dict.fromkeys(again.keys, 0.0)
    for claimant, hours in zip(cushion.claimants, cushion.buffers.tolist(), strict=True):
        own = [
            key_of(term)
            for key, term in cushion.promise_of_key.items()
            if term is not None and (key.tier, key.account_number) == (claimant.tier, claimant.account_number)
        ]
        if own:
            strictest[min(own, key=again.keys.index)] += hours
    found = []
    for key in again.keys:
        step = again.saved(again.with_each([key], again.step))
        named, others = again.whose([key])
        found.append(
            BufferPromise(
                promise=again.terms[key].sentence,
                accounts=named,
                others=others,
                buffer_hours=strictest[key],
                step=again.step_words,
                step_hours=step,
                buffer_cost=money(strictest[key] * rate),
                step_cost=money(step * rate),
                cost_per_point=money(step * rate / POINTS_OF_A_STEP) if again.is_queue else None,
            )
        )
    return sorted(found, key=lambda row: -row.step_hours)


def _ways(again: _Again, target_share: float, looseness: Looseness) -> list[BufferWay]:
    """Return a few ways that save hours: first those that bring the pool back, the least of them first."""
    found = []
    for way in _candidates(again, looseness):
        saved = again.saved(way.terms)
        if saved <= LEAST_SAVED_HOURS:
            continue
        named, others = again.whose(way.keys)
        after = again.share_after(saved)
        cost = money(saved * again.cushion.cost_per_hour)
        back = after <= target_share
        found.append(
            BufferWay(
                by=way.by,
                from_promise=way.before,
                to_promise=way.after,
                accounts=named,
                others=others,
                saved_hours=saved,
                saved_cost=cost,
                buffer_share_after=after,
                brings_back=back,
                sentence=(
                    f"{way.before} → {way.after} ({way.by.value}): {saved:,.1f} hours a week less, {after:.0%} buffer"
                    f"{'' if back else ', still above the target'}."
                ),
            )
        )
    found.sort(key=lambda way: (not way.brings_back, way.saved_hours if way.brings_back else -way.saved_hours))
    return found[:MOST_WAYS]


def _candidates(again: _Again, looseness: Looseness) -> list[_Way]:
    found = [
        *_as_wanted(again, looseness.wanted),
        *_bent(again, looseness),
        *(_as_others(again, place) for place in range(1, len(again.keys))),
        *(_stepped(again, [key]) for key in again.keys),
        *([_stepped(again, again.keys)] if len(again.keys) > 1 else []),
    ]
    different: dict[tuple[Term, ...], _Way] = {}
    for way in found:
        different.setdefault(way.terms, way)
    different.pop(again.inputs.terms, None)
    return list(different.values())


def _stepped(again: _Again, keys: Sequence[Key]) -> _Way:
    before = again.terms[keys[0]].sentence if len(keys) == 1 else EVERY
    after = again.step(again.terms[keys[0]]).sentence if len(keys) == 1 else again.step_words
    terms = again.with_each(keys, again.step)
    return _Way(LooserBy.STEP, before, after, frozenset(keys), terms)


def _as_others(again: _Again, place: int) -> _Way:
    """Let all who have a stricter promise have this one."""
    stricter, looser = again.keys[:place], again.terms[again.keys[place]]
    terms = again.with_each(
        stricter,
        lambda term: replace(
            term, threshold_minutes=looser.threshold_minutes, target_share=looser.target_share, clock=looser.clock
        ),
    )
    before = again.terms[stricter[0]].sentence if place == 1 else "every stricter promise"
    return _Way(LooserBy.NEXT, before, looser.sentence, frozenset(stricter), terms)


def _bent(again: _Again, looseness: Looseness) -> list[_Way]:
    """Let every promise bend as far as it may, each to its own account or tier."""

    def bent(term: Term) -> Term:
        stretch = 1.0 + looseness.bend(term.account_number, term.tier)
        return replace(term, threshold_minutes=float(term.threshold_minutes) * stretch)

    terms = again.with_each(again.keys, bent)
    before, after = EVERY, "as far as each may bend"
    if len(again.keys) == 1:
        (term,) = again.terms.values()
        before, after = term.sentence, bent(term).sentence
    return [_Way(LooserBy.TOLERANCE, before, after, frozenset(again.keys), terms)]


def _as_wanted(again: _Again, wanted: Sequence[WantedTime]) -> list[_Way]:
    """Let work of one kind be done as soon as customers need it, where that is later than promised."""
    found = []
    for want in wanted:
        keys = {
            key_of(term)
            for series, term in again.cushion.promise_of_key.items()
            if term is not None
            and term.measure is want.measure
            and series.service == want.service
            and want.work_class in ("", series.work_class)
            and term.threshold_minutes < want.minutes
        }
        if not keys:
            continue
        looser = [
            replace(t, service=want.service, work_class=want.work_class or t.work_class, threshold_minutes=want.minutes)
            for t in again.inputs.terms
            if key_of(t) in keys and t.measure is want.measure and t.service in ("", want.service)
        ]
        stays = [t for t in again.inputs.terms if not (key_of(t) in keys and t.service == want.service)]
        tightest = again.terms[min(keys, key=again.keys.index)]
        after = say_promise(tightest.target_share, want.measure, want.minutes, tightest.clock)
        found.append(_Way(LooserBy.EXPECTATION, tightest.sentence, after, frozenset(keys), (*stays, *looser)))
    return found


def _said(
    need: float,
    expected: float,
    buffer: float,
    target: float,
    saves: float | None,
    claimants: int,
    ways: Sequence[BufferWay],
) -> str:
    if need <= 0.0:
        return "The plan asks no hours of it."
    pooled = ""
    if saves is not None and claimants > 1 and abs(saves) >= LEAST_SAVED_HOURS:
        more = f"{abs(saves):,.1f} hours a week {'more' if saves > 0 else 'less'}"
        strict = "" if saves > 0 else ": together, the strictest promise sizes it for all"
        pooled = f" Alone, the {claimants} that share it would need {more}{strict}."
    share = f"{buffer:,.1f} of {need:,.1f} hours a week are buffer ({buffer / need:.0%})"
    if buffer / need <= target:
        return f"{share}: within the {target:.0%} that may be.{pooled}"
    over = need - expected / (1.0 - target) if target < 1.0 else 0.0
    back = next((way for way in ways if way.brings_back), None)
    how = (
        f" The least that brings it back: {back.from_promise} → {back.to_promise}."
        if back
        else " No single looser promise brings it back: more work for it, or a higher target, would."
    )
    return f"{share}, above the {target:.0%} that may be by {over:,.1f} hours.{pooled}{how}"
