"""Calls and e-mails: some by themselves, some because of an order (where is it? why is it late?)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from closeknit.demo.accounts import Profiles
from closeknit.demo.capacity import HALF_HOUR_SHARE, HALF_HOURS, PHONE_OPENS_MINUTE, Congestion
from closeknit.demo.catalogue import (
    CONTACT_TOPIC_SHARES,
    CONTACT_TOPICS,
    LATE_CONTACT_SHARE,
    PHONE_SHARE,
    POOL_OF,
    RULE_OF,
    STATUS_CONTACT_SHARE,
    TOPIC_LATE,
    TOPIC_STATUS,
)
from closeknit.demo.finishing import counts_to_events, late_chance, ordinals
from closeknit.demo.orders import Orders
from closeknit.demo.places import REGIONS
from closeknit.demo.rates import Rates
from closeknit.demo.timeline import DAY_MINUTES, Bools, Floats, Ints, Timeline
from closeknit.demo.writing import Columns

TOPICS = (*CONTACT_TOPICS, TOPIC_STATUS, TOPIC_LATE)
STATUS_CODE, LATE_CODE = len(CONTACT_TOPICS), len(CONTACT_TOPICS) + 1


@dataclass(frozen=True)
class Contacts:
    """Contacts of a granule in order of time."""

    account: Ints
    day: Ints
    second: Ints
    topic: Ints
    is_phone: Bools
    wait_minutes: Floats
    handle_minutes: Floats
    abandoned: Bools


def _phone_seconds(rng: np.random.Generator, count: int) -> Ints:
    half_hour = np.minimum(np.searchsorted(np.cumsum(HALF_HOUR_SHARE), rng.random(count)), HALF_HOURS - 1)
    return (PHONE_OPENS_MINUTE * 60 + half_hour * 1800 + rng.integers(0, 1800, count)).astype(np.int64)


def _email_seconds(rng: np.random.Generator, count: int) -> Ints:
    return np.floor((7.0 + 14.0 * rng.beta(1.7, 2.3, count)) * 3600.0).astype(np.int64)


def _follow_ups(
    rng: np.random.Generator, profiles: Profiles, orders: Orders, timeline: Timeline
) -> tuple[Ints, Ints, Ints]:
    """Account, day and topic of contacts about orders: before the promise (status) or after it (late)."""
    asks = np.flatnonzero(rng.random(len(orders.day)) < STATUS_CONTACT_SHARE)
    complains = np.flatnonzero(orders.late & (rng.random(len(orders.day)) < LATE_CONTACT_SHARE))
    soon = orders.clock[asks] + (rng.uniform(0.2, 0.9, len(asks)) * orders.promise_minutes[asks]).astype(np.int64)
    overdue = orders.clock[complains] + orders.promise_minutes[complains].astype(np.int64)
    overdue = overdue + rng.integers(30, DAY_MINUTES, len(complains))
    order = np.concatenate([asks, complains])
    topic = np.repeat([STATUS_CODE, LATE_CODE], [len(asks), len(complains)])
    account = orders.account[order]
    region = profiles.region[account]
    clock = np.concatenate([soon, overdue])
    # A question asked on the day of the order would come before it: ask on the next open day.
    clock = np.where(clock // DAY_MINUTES == orders.clock[order] // DAY_MINUTES, clock + DAY_MINUTES, clock)
    day, _ = timeline.at_clock(region, clock)
    kept = day < timeline.days
    return account[kept], day[kept], topic[kept]


def _phone_outcome(
    rng: np.random.Generator, profiles: Profiles, account: Ints, day: Ints, second: Ints, jam: Congestion
) -> tuple[Floats, Bools]:
    """Waits in minutes, and who hung up: patience is exponential around the account's own."""
    region = profiles.region[account]
    half_hour = np.clip((second // 60 - PHONE_OPENS_MINUTE) // 30, 0, HALF_HOURS - 1)
    waits = rng.random(len(day)) < jam.wait_share[region, day, half_hour]
    wait = np.where(waits, rng.exponential(jam.mean_wait_minutes[region, day, half_hour]), 0.0)
    patience = rng.exponential(profiles.patience_minutes[account])
    return np.minimum(wait, patience), wait > patience


def _email_wait(rng: np.random.Generator, profiles: Profiles, account: Ints, day: Ints, jam: Congestion) -> Floats:
    """Business minutes until the answer."""
    promise = np.array([float(m) for m in RULE_OF["email"].threshold_minutes])[profiles.tier[account]]
    chance = late_chance(profiles.late_share[account], jam.email_delay_days[profiles.region[account], day], promise)
    late = rng.random(len(day)) < chance
    return np.where(late, promise * (1.05 + rng.exponential(0.5, len(day))), promise * rng.beta(1.4, 1.8, len(day)))


def _handle_minutes(rng: np.random.Generator, region: Ints, is_phone: Bools) -> Floats:
    phones = [POOL_OF[f"phone-{r.short}"] for r in REGIONS]
    email = POOL_OF["email-all"]
    mean = np.where(is_phone, np.array([p.true_handle_minutes for p in phones])[region], email.true_handle_minutes)
    sigma = np.where(is_phone, np.array([p.handle_sigma for p in phones])[region], email.handle_sigma)
    return mean * np.exp(rng.standard_normal(len(region)) * sigma - 0.5 * sigma**2)


def draw_contacts(
    rng: np.random.Generator,
    profiles: Profiles,
    rates: Rates,
    orders: Orders,
    jam: Congestion,
    timeline: Timeline,
) -> Contacts:
    """Draw a granule's contacts."""
    called, call_day = counts_to_events(rng, rates.phone)
    wrote, write_day = counts_to_events(rng, rates.email)
    about, about_day, about_topic = _follow_ups(rng, profiles, orders, timeline)
    background = len(called) + len(wrote)
    account = np.concatenate([called, wrote, about])
    day = np.concatenate([call_day, write_day, about_day])
    topic = np.concatenate([rng.choice(len(CONTACT_TOPICS), background, p=CONTACT_TOPIC_SHARES), about_topic])
    by_phone = rng.random(len(about)) < PHONE_SHARE
    is_phone = np.concatenate([np.ones(len(called), np.bool_), np.zeros(len(wrote), np.bool_), by_phone])
    second = np.where(is_phone, _phone_seconds(rng, len(day)), _email_seconds(rng, len(day)))
    by_time = np.lexsort((account, second, day))
    account, day, second = account[by_time], day[by_time], second[by_time]
    topic, is_phone = topic[by_time], is_phone[by_time]
    phone_wait, hung_up = _phone_outcome(rng, profiles, account, day, second, jam)
    abandoned = is_phone & hung_up
    wait = np.where(is_phone, phone_wait, _email_wait(rng, profiles, account, day, jam))
    handle = _handle_minutes(rng, profiles.region[account], is_phone)
    return Contacts(account, day, second, topic, is_phone, wait, np.where(abandoned, 0.0, handle), abandoned)


def contact_columns(profiles: Profiles, contacts: Contacts, timeline: Timeline) -> Columns:
    """All rows of `contacts.csv` for a granule."""
    region = profiles.region[contacts.account]
    numbers = [profiles.numbers[a] for a in contacts.account.tolist()]
    ordinal = ordinals(contacts.account, profiles.count).tolist()
    return {
        "contact_number": [f"CT-{n[1:]}-{o:05d}" for n, o in zip(numbers, ordinal, strict=True)],
        "account_number": numbers,
        "contacted_at": timeline.stamps(region, contacts.day, contacts.second),
        "channel": ["phone" if p else "email" for p in contacts.is_phone.tolist()],
        "topic": [TOPICS[t] for t in contacts.topic.tolist()],
        "handle_minutes": [f"{m:.2f}" for m in contacts.handle_minutes.tolist()],
        "wait_minutes": [f"{m:.2f}" for m in contacts.wait_minutes.tolist()],
        "abandoned": ["true" if a else "false" for a in contacts.abandoned.tolist()],
        "region": [REGIONS[r].code for r in region.tolist()],
    }
