"""Settings in the database: every subset of levels is resolved alike there, and no change alters the past."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cast import enter

from closeknit.kernel import declared
from closeknit.kernel.errors import CloseknitError
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.end_setting import end_setting
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.contracts import Kind, Level, Setting
from closeknit.rooms.org.models import SettingValueRow

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
LEVELS = (("global", ""), ("region", "north"), ("site", "hall"), ("tier", "key"), ("account", "ACME"))
SPANS = (None, (AT - DAY, None), (AT, AT + DAY), (AT - DAY, AT), (AT + DAY, None))
IN_FORCE = (1, 2)
COUNT = Setting("tests.count", Kind.COUNT, 0, "", "A count for the tests.")
DAYS = 40


def test_every_subset_of_levels_in_and_out_of_time_is_resolved_by_the_database_alike(acme, erin):
    """Absent, running, from now on, ended now, planned: five states at each of five levels."""
    cases = list(product(range(5), repeat=5))[::7]
    rows = [
        _row(f"tests.case{n}", level, place, number, *SPANS[state])
        for n, states in enumerate(cases)
        for number, ((level, place), state) in enumerate(zip(LEVELS, states, strict=True), start=1)
        if state
    ]
    SettingValueRow.objects.bulk_create(rows)
    for n, states in enumerate(cases):
        setting = Setting(f"tests.case{n}", Kind.COUNT, 0, "", "A case of the tests.")
        found = reads.get_setting(
            setting, region="north", site="hall", tier="key", account_number="ACME", at=AT, by=erin
        )
        expected = max((number for number, state in enumerate(states, start=1) if state in IN_FORCE), default=0)
        assert (found.value, found.level) == (expected, list(Level)[expected]), states
    assert len(cases) > 400


def _row(key, level, place, value, starts_at, ends_at):
    return SettingValueRow(
        key=key,
        level=level,
        place=place,
        value=value,
        set_by_key="person:1",
        set_by_name="Erin",
        reason="Straight into the table.",
        set_at=AT,
        starts_at=starts_at,
        ends_at=ends_at,
        thread_id="00000000-0000-7000-8000-000000000001",
    )


STEP = st.tuples(
    st.sampled_from(("set", "set", "set", "end")),
    st.integers(0, 3),
    st.integers(0, 6),
    st.one_of(st.none(), st.integers(1, 8)),
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=1, max_size=9))
def test_no_change_alters_the_past_and_one_value_at_most_is_in_force(steps):
    before = declared.declared("settings")
    declared.declare("settings", {**before, COUNT.key: COUNT})
    try:
        with transaction.atomic():
            _walk(steps, enter("erin"))
            transaction.set_rollback(True)
    finally:
        declared.declare("settings", before)


def _walk(steps, by):
    today, known = 0, _timeline(by)
    for number, (verb, wait, offset, length) in enumerate(steps, start=1):
        today += wait
        now = AT + today * DAY + timedelta(minutes=number)
        first, last = today + 1 + offset, None if length is None else today + 1 + offset + length
        done = _try_to(verb, number, now, first, last, by)
        after = _timeline(by)
        assert after[: today + 1] == known[: today + 1]
        if verb == "set" and done:
            span = range(first, DAYS if last is None else last)
            assert all(after[day] == number for day in span)
            assert [v for d, v in enumerate(after) if d not in span] == [
                v for d, v in enumerate(known) if d not in span
            ]
        if not done:
            assert after == known
        known = after


def _try_to(verb, number, now, first, last, by):
    try:
        if verb == "set":
            ends_at = None if last is None else AT + last * DAY
            set_setting(COUNT.key, number, reason="A step.", starts_at=AT + first * DAY, ends_at=ends_at, by=by, at=now)
        else:
            open_ones = [v for v in reads.list_setting_values(COUNT.key, by=by) if not v.ends_at or v.ends_at > now]
            if not open_ones:
                return False
            end_setting(open_ones[0].value_id, reason="A step.", by=by, at=now)
    except CloseknitError:
        return False
    return True


def _timeline(by):
    """The value of each day, None where none is set; more than one would be a fault."""
    values = reads.list_setting_values(COUNT.key, by=by)
    days = []
    for day in range(DAYS):
        held = [value.value for value in values if value.is_in_force(AT + day * DAY)]
        assert len(held) <= 1
        days.append(held[0] if held else None)
    return days
