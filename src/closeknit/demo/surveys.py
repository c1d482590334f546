"""Survey answers: satisfaction after a contact (csat, 1 to 5) and quarterly recommendation (nps, 0 to 10)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from closeknit.demo.accounts import Profiles
from closeknit.demo.catalogue import NPS_SHARE_OF_INVITED, SURVEY_SHARE_OF_CONTACTS
from closeknit.demo.comments import compose, themes_for
from closeknit.demo.contacts import LATE_CODE, Contacts
from closeknit.demo.finishing import ordinals
from closeknit.demo.orders import Orders
from closeknit.demo.rates import FADE_WEEKS
from closeknit.demo.timeline import Floats, Ints, Timeline
from closeknit.demo.writing import Columns

LOOK_BACK_WEEKS = 6
QUARTER_WEEKS = 13
COMMENT_SHARE = 0.6
CSAT_BASE, CSAT_LATENESS, CSAT_WAIT, CSAT_COMPLAINT, CSAT_FADING = 4.1, 3.0, 0.25, 0.8, 0.7
NPS_BASE, NPS_LATENESS, NPS_SATISFACTION, NPS_FADING = 8.0, 8.0, 1.6, 1.8
CSAT_NOISE, NPS_NOISE = 0.85, 1.6


@dataclass(frozen=True)
class Surveys:
    """Rows of `surveys.csv` and, for the truth, the theme and mood behind each comment."""

    columns: Columns
    truth: Columns


@dataclass(frozen=True)
class _Answers:
    account: Ints
    day: Ints
    second: Ints
    is_nps: Ints
    score: Ints
    wait: Floats
    lateness: Floats


def recent_lateness(profiles: Profiles, orders: Orders, weeks: int) -> Floats:
    """Share of late orders over the last weeks, shape [account, week], pulled to 0 by one order in time."""
    shape = (profiles.count, weeks)
    all_orders, late = np.zeros(shape), np.zeros(shape)
    at = (orders.account, orders.day // 7)
    np.add.at(all_orders, at, 1.0)
    np.add.at(late, at, orders.late.astype(np.float64))

    def rolling(values: Floats) -> Floats:
        total = np.cumsum(values, axis=1)
        total[:, LOOK_BACK_WEEKS:] -= total[:, :-LOOK_BACK_WEEKS].copy()
        return total

    return rolling(late) / (rolling(all_orders) + 1.0)


def _fading(profiles: Profiles, account: Ints, day: Ints) -> Floats:
    churn = profiles.churn_week[account]
    return (day // 7 >= churn - 2 * FADE_WEEKS).astype(np.float64)


def _csat(
    rng: np.random.Generator, profiles: Profiles, contacts: Contacts, lateness: Floats, timeline: Timeline
) -> _Answers:
    asked = np.flatnonzero((rng.random(len(contacts.day)) < SURVEY_SHARE_OF_CONTACTS) & ~contacts.abandoned)
    account, day = contacts.account[asked], contacts.day[asked] + rng.integers(1, 4, len(asked))
    late = lateness[account, contacts.day[asked] // 7]
    wait = np.where(contacts.is_phone[asked], contacts.wait_minutes[asked], 0.0)
    latent = (
        CSAT_BASE
        + profiles.satisfaction[account]
        - CSAT_LATENESS * late
        - CSAT_WAIT * np.log1p(wait)
        - CSAT_COMPLAINT * (contacts.topic[asked] == LATE_CODE)
        - CSAT_FADING * _fading(profiles, account, day)
        + rng.normal(0.0, CSAT_NOISE, len(asked))
    )
    score = np.clip(np.rint(latent), 1, 5).astype(np.int64)
    kept = day < timeline.days
    second = rng.integers(8 * 3600, 20 * 3600, len(asked))
    return _Answers(
        account[kept],
        day[kept],
        second[kept],
        np.zeros(kept.sum(), np.int64),
        score[kept],
        wait[kept],
        late[kept],
    )


def _nps(rng: np.random.Generator, profiles: Profiles, lateness: Floats, timeline: Timeline) -> _Answers:
    """Every quarter, one person at each account is invited, three at strategic and key ones."""
    people = np.where(profiles.tier <= 1, 3, 1)
    weeks = np.arange(2, timeline.spec.weeks, QUARTER_WEEKS)
    account = np.repeat(np.tile(np.arange(profiles.count), len(weeks)), np.tile(people, len(weeks)))
    week = np.repeat(weeks, people.sum())
    day = week * 7 + rng.integers(0, 12, len(week))
    alive = (day >= profiles.opened_day[account] + 30) & (day // 7 < profiles.churn_week[account])
    kept = np.flatnonzero((rng.random(len(week)) < NPS_SHARE_OF_INVITED) & alive & (day < timeline.days))
    account, day = account[kept], day[kept]
    late = lateness[account, day // 7]
    latent = (
        NPS_BASE
        + NPS_SATISFACTION * profiles.satisfaction[account]
        - NPS_LATENESS * late
        - NPS_FADING * _fading(profiles, account, day)
        + rng.normal(0.0, NPS_NOISE, len(kept))
    )
    score = np.clip(np.rint(latent), 0, 10).astype(np.int64)
    second = rng.integers(8 * 3600, 20 * 3600, len(kept))
    return _Answers(account, day, second, np.ones(len(kept), np.int64), score, np.zeros(len(kept)), late)


def _mood(is_nps: int, score: int) -> str:
    low, high = (6, 9) if is_nps else (2, 4)
    return "bad" if score <= low else "good" if score >= high else "mixed"


def _theme(mood: str, wait: float, lateness: float, draw: float) -> str:
    if mood != "good" and lateness > 0.15 and draw < 0.8:
        return "late"
    if mood != "good" and wait > 2.0:
        return "wait"
    themes = [t for t in themes_for(mood) if mood == "good" or t not in ("late", "wait")]
    return themes[int(draw * len(themes))]


def draw_surveys(
    rng: np.random.Generator, profiles: Profiles, contacts: Contacts, orders: Orders, timeline: Timeline
) -> Surveys:
    """Draw a granule's survey answers."""
    lateness = recent_lateness(profiles, orders, timeline.spec.weeks)
    parts = (_csat(rng, profiles, contacts, lateness, timeline), _nps(rng, profiles, lateness, timeline))
    account, day, second, is_nps, score, wait, late = (
        np.concatenate([getattr(part, field) for part in parts]) for field in _Answers.__dataclass_fields__
    )
    by_time = np.lexsort((account, second, day))
    account, day, second = account[by_time], day[by_time], second[by_time]
    moods = [_mood(n, s) for n, s in zip(is_nps[by_time].tolist(), score[by_time].tolist(), strict=True)]
    draws = rng.random((len(day), 5)).tolist()
    drivers = zip(moods, wait[by_time].tolist(), late[by_time].tolist(), draws, strict=True)
    themes = [_theme(mood, w, x, d[4]) for mood, w, x, d in drivers]
    says = [d[3] < COMMENT_SHARE for d in draws]
    comments = [
        compose(theme, mood, d[:3]) if s else "" for theme, mood, d, s in zip(themes, moods, draws, says, strict=True)
    ]
    numbers = [profiles.numbers[a] for a in account.tolist()]
    ordinal = ordinals(account, profiles.count).tolist()
    keys = [f"SV-{n[1:]}-{o:05d}" for n, o in zip(numbers, ordinal, strict=True)]
    columns: Columns = {
        "survey_number": keys,
        "account_number": numbers,
        "answered_at": timeline.stamps(profiles.region[account], day, second),
        "kind": ["nps" if n else "csat" for n in is_nps[by_time].tolist()],
        "score": [str(s) for s in score[by_time].tolist()],
        "comment": comments,
    }
    said = [theme if s else "" for theme, s in zip(themes, says, strict=True)]
    return Surveys(columns, {"survey_number": keys, "theme": said, "mood": moods})
