"""Where a notice goes: the budget, repeats, digests and quiet time, as pure sums."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.rooms.decisions.compute.notices import next_digest_at, route
from closeknit.rooms.decisions.contracts import Channel, DigestRhythm, NoticePreferences, Wanted

NOW = datetime(2026, 3, 2, 9, 20, tzinfo=UTC)
BY_MAIL = NoticePreferences(mail_address="carol@example.com")


def go(preferences=BY_MAIL, *, urgent=True, sent_at=None, sent=0, most=6, now=NOW):
    return route(preferences, is_urgent=urgent, sent_at=sent_at, sent_in_window=sent, most_in_window=most, now=now)


def test_urgent_ones_leave_at_once_and_others_stay_in_the_application():
    assert go().at_once == (Channel.MAIL,)
    assert go(urgent=False) == route(
        NoticePreferences(), is_urgent=True, sent_at=None, sent_in_window=0, most_in_window=6, now=NOW
    )
    assert (go(urgent=False).at_once, go(urgent=False).gathered) == ((), ())


def test_who_wants_all_gets_what_is_not_urgent_in_the_digest():
    found = go(NoticePreferences(mail_address="a@example.com", mail=Wanted.ALL, webhook=Wanted.ALL), urgent=False)
    assert (found.at_once, found.gathered) == ((), (Channel.MAIL, Channel.WEBHOOK))
    assert found.digest_at == NOW.replace(hour=10, minute=0)


def test_beyond_the_budget_an_urgent_one_waits_for_the_digest():
    assert go(sent=5).at_once
    assert go(sent=6).gathered == (Channel.MAIL,)
    assert go(most=0).gathered == (Channel.MAIL,)


def test_one_cause_leaves_at_once_only_once_an_hour():
    assert go(sent_at=NOW - timedelta(minutes=59)).gathered
    assert go(sent_at=NOW - timedelta(minutes=60)).at_once


@pytest.mark.parametrize(
    ("quiet", "now", "expected"),
    [
        ((time(22), time(7)), datetime(2026, 3, 2, 20, 30, tzinfo=UTC), datetime(2026, 3, 3, 6, 0, tzinfo=UTC)),
        ((time(22), time(7)), datetime(2026, 3, 2, 12, 30, tzinfo=UTC), datetime(2026, 3, 2, 13, 0, tzinfo=UTC)),
        ((time(12), time(14)), datetime(2026, 3, 2, 10, 30, tzinfo=UTC), datetime(2026, 3, 2, 13, 0, tzinfo=UTC)),
        ((time(12), time(12)), datetime(2026, 3, 2, 10, 30, tzinfo=UTC), datetime(2026, 3, 2, 11, 0, tzinfo=UTC)),
    ],
)
def test_no_digest_leaves_in_quiet_time(quiet, now, expected):
    preferences = NoticePreferences(quiet_from=quiet[0], quiet_until=quiet[1], time_zone="Europe/Berlin")
    assert next_digest_at(preferences, now) == expected


def test_a_daily_digest_keeps_its_local_hour_over_a_change_of_clocks():
    daily = NoticePreferences(digest=DigestRhythm.DAILY, digest_hour=7, time_zone="Europe/Berlin")
    before = next_digest_at(daily, datetime(2026, 3, 28, 12, 0, tzinfo=UTC))
    assert before == datetime(2026, 3, 29, 5, 0, tzinfo=UTC)
    assert next_digest_at(daily, before) == datetime(2026, 3, 30, 5, 0, tzinfo=UTC)


def test_an_hour_that_clocks_skip_is_the_moment_after():
    skipped = NoticePreferences(digest=DigestRhythm.DAILY, digest_hour=2, time_zone="Europe/Berlin")
    assert next_digest_at(skipped, datetime(2026, 3, 28, 12, 0, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@given(
    now=st.integers(0, 2 * 366 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    rhythm=st.sampled_from(DigestRhythm),
    hour=st.integers(0, 23),
    quiet=st.none() | st.tuples(st.times(), st.times()),
)
def test_a_digest_is_always_ahead_within_two_days_and_never_in_quiet_time(now, zone, rhythm, hour, quiet):
    begins, ends = quiet or (None, None)
    found = next_digest_at(
        NoticePreferences("", digest=rhythm, digest_hour=hour, quiet_from=begins, quiet_until=ends, time_zone=zone), now
    )
    assert now < found <= now + timedelta(hours=51)
    if quiet and begins != ends:
        clock = found.astimezone(ZoneInfo(zone)).time()
        quiet_now = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
        skipped = (
            found.astimezone(ZoneInfo(zone)).utcoffset()
            != (found - timedelta(days=1)).astimezone(ZoneInfo(zone)).utcoffset()
        )
        assert not quiet_now or skipped
