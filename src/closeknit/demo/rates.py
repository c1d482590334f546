"""True rates: how many orders, contacts and incidents each account is expected to have on each day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from closeknit.demo.accounts import NEVER, Profiles
from closeknit.demo.catalogue import PHONE_SHARE, REPAIRS_PER_UNIT_WEEK
from closeknit.demo.effects import CompanyEffects
from closeknit.demo.timeline import Floats, Timeline

OFF_PHASE_FACTOR = 0.25
FADE_WEEKS, FADE_FACTOR = 6, 0.6
PHONE_WEEK = np.array([1.25, 1.10, 1.0, 0.95, 0.85, 0.0, 0.0])
EMAIL_WEEK = np.array([1.20, 1.10, 1.0, 1.0, 0.90, 0.12, 0.10])
INCIDENT_WEEK = np.array([1.15, 1.05, 1.0, 1.0, 1.0, 0.35, 0.25])
CLOSED_ORDER_FACTOR, CLOSED_INCIDENT_FACTOR, CLOSED_EMAIL_FACTOR = 0.15, 0.35, 0.15


@dataclass(frozen=True)
class Rates:
    """Expected counts per account and day; contacts here are those that do not follow from an order."""

    orders: Floats
    phone: Floats
    email: Floats
    incidents: Floats


def _by_week(weekly: Floats) -> Floats:
    return np.repeat(weekly, 7, axis=-1)


def _active(profiles: Profiles, timeline: Timeline) -> Floats:
    """0 before opening and after churn, fading in the last weeks before churn."""
    day = np.arange(timeline.days)[None, :]
    churn_day = np.minimum(profiles.churn_week, NEVER // 7)[:, None] * 7
    fading = day >= churn_day - 7 * FADE_WEEKS
    alive = (day >= profiles.opened_day[:, None]) & (day < churn_day)
    return np.where(alive, np.where(fading, FADE_FACTOR, 1.0), 0.0)


def _rhythm(profiles: Profiles, weeks: int) -> Floats:
    """Factor by week with mean one over a full period: high in the account's ordering week, low between."""
    period = profiles.rhythm_weeks[:, None].astype(np.float64)
    on_phase = (np.arange(weeks)[None, :] + profiles.rhythm_phase[:, None]) % profiles.rhythm_weeks[:, None] == 0
    return np.where(on_phase, period - OFF_PHASE_FACTOR * (period - 1.0), OFF_PHASE_FACTOR)


def _own_effects(profiles: Profiles, weeks: int) -> Floats:
    week = np.arange(weeks)[None, :]
    start = profiles.spike_week[:, None]
    in_spike = (week >= start) & (week < start + profiles.spike_length_weeks[:, None])
    shifted = week >= profiles.shift_week[:, None]
    return np.where(in_spike, profiles.spike_factor[:, None], 1.0) * np.where(
        shifted, profiles.shift_factor[:, None], 1.0
    )


def _closed(timeline: Timeline, factor: float) -> Floats:
    """`factor` on weekdays a region is closed, else 1; shape [region, day]."""
    weekday = np.arange(timeline.days) % 7
    closed = ~timeline.is_open[:, : timeline.days] & (weekday < 5)[None, :]
    return np.where(closed, factor, 1.0)


def spread_orders(profiles: Profiles, timeline: Timeline, weekly: Floats) -> Floats:
    """Orders a week, given for each day, as expected orders on that day: by the account's weekdays, on open days."""
    by_weekday = np.tile(profiles.weekday_share, (1, timeline.spec.weeks))
    return weekly * by_weekday * _active(profiles, timeline) * _closed(timeline, CLOSED_ORDER_FACTOR)[profiles.region]


def daily_rates(profiles: Profiles, effects: CompanyEffects, timeline: Timeline) -> Rates:
    """The true rates of a granule, shape [account, day]."""
    weeks, reg = timeline.spec.weeks, profiles.region
    own = _own_effects(profiles, weeks)
    regional = effects.region_factor(weeks)[reg]
    promotion = np.where(profiles.responds_to_promotions[:, None], effects.promotion_factor(weeks)[None, :], 1.0)
    active = _active(profiles, timeline)
    trend = effects.season[reg] * effects.growth[None, :]

    orders = profiles.orders_per_week[:, None] * np.tile(profiles.weekday_share, (1, weeks))
    orders *= _by_week(_rhythm(profiles, weeks) * own * regional * promotion) * active * trend
    orders *= _closed(timeline, CLOSED_ORDER_FACTOR)[reg]

    calm = _by_week(np.sqrt(own) * regional) * active * np.sqrt(effects.season[reg]) * effects.growth[None, :]
    contacts = profiles.contacts_per_week[:, None] * calm
    phone = PHONE_SHARE * contacts * timeline.by_weekday(PHONE_WEEK / PHONE_WEEK.sum())
    email = (1.0 - PHONE_SHARE) * contacts * timeline.by_weekday(EMAIL_WEEK / EMAIL_WEEK.sum())
    incidents = (REPAIRS_PER_UNIT_WEEK * profiles.equipment_units)[:, None] * active
    incidents = incidents * timeline.by_weekday(INCIDENT_WEEK / INCIDENT_WEEK.sum())
    return Rates(
        orders,
        phone * _closed(timeline, 0.0)[reg],
        email * _closed(timeline, CLOSED_EMAIL_FACTOR)[reg],
        incidents * _closed(timeline, CLOSED_INCIDENT_FACTOR)[reg],
    )
