"""Spike or shift on sample companies: planted changes of top accounts are found, and calm ones are left alone."""

import math
from datetime import date, timedelta

import numpy as np
import pytest

from closeknit.demo.accounts import NEVER, draw_profiles, granules
from closeknit.demo.catalogue import TIER_NAMES
from closeknit.demo.effects import company_effects
from closeknit.demo.places import REGIONS
from closeknit.demo.rates import daily_rates
from closeknit.demo.spec import CompanySpec
from closeknit.demo.timeline import Timeline
from closeknit.rooms.demand.compute import Occasion
from closeknit.rooms.demand.compute.accuracy import Came
from closeknit.rooms.demand.compute.changes import classify, history_of
from closeknit.rooms.demand.contracts import ChangeKind, ScoreLevel
from closeknit.rooms.demand.tests.adjusting import make_panel
from closeknit.rooms.demand.tests.test_changes import COSTS
from closeknit.rooms.sensing.contracts import SeriesKey

WEEKS, ACCOUNTS = 104, 400
SEEDS = range(11, 51)
ENDS_ON = date(2026, 6, 1)
TOP_TIERS = 2


def orders_and_lines(rng, profiles, effects, timeline) -> tuple[np.ndarray, np.ndarray]:
    """Orders and lines of each account by day: orders come singly, lines in orders."""
    orders = rng.poisson(daily_rates(profiles, effects, timeline).orders)
    last = 1.0 / np.maximum(np.broadcast_to(profiles.lines_per_order[:, None], orders.shape), 1.0001)
    return orders, orders + np.where(orders > 0, rng.negative_binomial(np.maximum(orders, 1), last), 0)


def promotions(spec, effects) -> list[Occasion]:
    return [
        Occasion("", "promotion", "picking", "", "", *(spec.starts_on + timedelta(weeks=w + n) for n in (0, 1)))
        for w in effects.promotion_weeks
    ]


def company(seed: int):
    """What is said of each series of a company, by account (or "" and region), and the profiles behind it."""
    spec = CompanySpec(seed=seed, accounts=ACCOUNTS, weeks=WEEKS, ends_on=ENDS_ON)
    timeline, rng = Timeline.of(spec), np.random.default_rng(seed)
    effects = company_effects(spec, timeline)
    profiles = [draw_profiles(spec, granule) for granule in range(granules(ACCOUNTS))]
    drawn = [orders_and_lines(rng, p, effects, timeline) for p in profiles]
    orders, units = (np.vstack(part).astype(float) for part in zip(*drawn, strict=True))
    tiers = {n: TIER_NAMES[t] for p in profiles for n, t in zip(p.numbers, p.tier, strict=True)}
    places = [(n, REGIONS[r].code) for p in profiles for n, r in zip(p.numbers, p.region, strict=True)]
    keys = tuple(SeriesKey("warehouse", "picking", region, "", number) for number, region in places)
    days = np.datetime64(spec.starts_on, "D") + np.arange(spec.days)
    top = TIER_NAMES[:TOP_TIERS]
    series = {("picking", r, tiers[n], n if tiers[n] in top else ""): np.ones(7) for n, r in places}
    history = history_of([make_panel(series)], Came(keys, days, units, tiers), promotions(spec, effects), orders)
    cards = classify("warehouse", history, [COSTS] * len(history.names))
    return spec, effects, profiles, cards


def weeks_from(spec, day: date) -> int:
    return (day - spec.starts_on).days // 7


def verdicts(spec, profiles, card_of) -> list[tuple[str, bool]]:
    """("calm", whether alarmed) or ("shift" / "spike", whether found) of every account that can show it."""
    said = []
    for p in profiles:
        for i in np.flatnonzero((p.tier < TOP_TIERS) & (p.churn_week >= NEVER) & (p.opened_day < 0)):
            card, dispersion = card_of[p.numbers[i]], 2.0 * p.lines_per_order[i] - 1.0
            size = p.orders_per_week[i] * p.lines_per_order[i] / dispersion
            has_shift, has_spike = p.shift_week[i] < NEVER, p.spike_week[i] < NEVER
            if has_shift and not has_spike:
                week, factor = int(p.shift_week[i]), float(p.shift_factor[i])
                evidence = math.log(factor) ** 2 / (1.0 / (size * week) + 1.0 / (size * factor * (WEEKS - week)))
                # Three standard errors above what is needed, no test could well miss.
                if evidence >= (math.sqrt(12.5) + 3.0) ** 2:
                    right_way = (card.change_share or 0.0) * (factor - 1.0) > 0.0
                    is_near = card.since_on is not None and abs(weeks_from(spec, card.since_on) - week) <= 8
                    said.append(("shift", card.kind is ChangeKind.PERMANENT and right_way and is_near))
            elif has_spike and not has_shift:
                start, factor = int(p.spike_week[i]), float(p.spike_factor[i])
                stop = start + int(p.spike_length_weeks[i])
                # Six standard errors: the best of all stretches reaches four by chance.
                if 2.0 * size * (stop - start) * (factor * math.log(factor) - factor + 1.0) >= 36.0:
                    touches = (
                        card.kind is ChangeKind.TEMPORARY
                        and weeks_from(spec, card.since_on) <= stop
                        and weeks_from(spec, card.until_on) >= start
                    )
                    said.append(("spike", touches))
            elif not has_shift:
                said.append(("calm", card.kind is not ChangeKind.NONE))
    return said


@pytest.fixture(scope="module")
def judged():
    said, regional = [], []
    for seed in SEEDS:
        spec, effects, profiles, cards = company(seed)
        card_of = {c.series.account_number: c for c in cards if c.series.account_number}
        said += verdicts(spec, profiles, card_of)
        (total,) = (
            c
            for c in cards
            if c.series.level is ScoreLevel.TOTAL and c.series.region == REGIONS[effects.spike.region].code
        )
        near = total.since_on and abs(weeks_from(spec, total.since_on) - effects.spike.from_week) <= 1
        regional.append(bool(total.kind is ChangeKind.TEMPORARY and near))
    return {kind: [found for k, found in said if k == kind] for kind in ("calm", "shift", "spike")}, regional


def test_planted_shifts_that_can_be_seen_are_found(judged):
    shifts = judged[0]["shift"]
    assert len(shifts) >= 15
    assert np.mean(shifts) >= 0.9


def test_planted_spikes_that_can_be_seen_are_found(judged):
    spikes = judged[0]["spike"]
    assert len(spikes) >= 8
    assert np.mean(spikes) >= 0.9


def test_calm_accounts_are_left_alone(judged):
    calm = judged[0]["calm"]
    assert len(calm) >= 1000
    assert np.mean(calm) <= 0.05


def test_a_spike_of_a_whole_region_is_its_totals_and_nobodys_own(judged):
    assert np.mean(judged[1]) >= 0.95
