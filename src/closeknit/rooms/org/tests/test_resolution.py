"""Which value is in force: every subset of levels, in and out of time, against a small oracle that shares no code."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.kernel.errors import Conflict
from closeknit.rooms.org import compute
from closeknit.rooms.org.contracts import Kind, Level, Setting, SettingPlace, SettingValue

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ROOMY = Setting("tests.hours", Kind.HOURS, 1.0, "", "For the tests.")
PLACE = SettingPlace(region="north", site="hall", tier="key", account_number="ACME")
NAMES = {"global": "", "region": "north", "site": "hall", "tier": "key", "account": "ACME"}
SPANS = {
    "absent": None,
    "running": (AT - DAY, None),
    "from now": (AT, AT + DAY),
    "ended now": (AT - DAY, AT),
    "planned": (AT + DAY, None),
    "elsewhere": (AT - DAY, None),
}


def said(number: int, level: str, place: str, starts_at: datetime, ends_at: datetime | None) -> SettingValue:
    """A value as somebody set it: the number is its id and its value."""
    return SettingValue(
        value_id=number,
        key=ROOMY.key,
        level=Level(level),
        place=place,
        value=float(number),
        set_by_key="person:1",
        set_by="Erin",
        reason="For the tests.",
        set_at=starts_at,
        starts_at=starts_at,
        ends_at=ends_at,
        ended_by="",
        end_reason="",
        ended_at=None,
        review_on=None,
        thread_id=UUID(int=0),
    )


def oracle(states: tuple[str, ...]) -> float:
    """The last level of the list whose state is in force; the default where none is."""
    answer = 1.0
    for number, state in enumerate(states, start=10):
        if state in ("running", "from now"):
            answer = float(number)
    return answer


def test_every_path_of_resolution_agrees_with_the_oracle():
    seen = 0
    for states in product(SPANS, repeat=5):
        values = []
        for number, (level, state) in enumerate(zip(NAMES, states, strict=True), start=10):
            span = SPANS[state]
            if span and not (state == "elsewhere" and level == "global"):
                name = "elsewhere" if state == "elsewhere" else NAMES[level]
                values.append(said(number, level, name, *span))
        found = compute.resolve(ROOMY, values, PLACE, AT)
        assert found.value == oracle(states), states
        assert [part.level for part in found.chain] == list(Level)
        assert [part.wins for part in found.chain].count(True) == 1
        assert next(part for part in found.chain if part.wins).level == found.level
        seen += 1
    assert seen == 6**5


@pytest.mark.parametrize("given_levels", list(product((False, True), repeat=4)))
def test_a_level_that_is_not_asked_for_is_not_heard(given_levels):
    values = [said(n, level, name, AT - DAY, None) for n, (level, name) in enumerate(NAMES.items(), start=10)]
    asked = {"region": "north", "site": "hall", "tier": "key", "account_number": "ACME"}
    place = SettingPlace(**{n: v for (n, v), g in zip(asked.items(), given_levels, strict=True) if g})
    expected = max([10, *(n for n, g in enumerate(given_levels, start=11) if g)])
    found = compute.resolve(ROOMY, values, place, AT)
    assert found.value == float(expected)
    assert len(found.chain) == 2 + sum(given_levels)


def test_the_answer_says_who_why_since_and_until():
    value = said(10, "region", "north", AT - DAY, AT + DAY)
    found = compute.resolve(ROOMY, [value], PLACE, AT)
    assert (found.who, found.why, found.since_at, found.until_at) == ("Erin", "For the tests.", AT - DAY, AT + DAY)
    nobody = compute.resolve(ROOMY, [], PLACE, AT)
    assert (nobody.level, nobody.who, nobody.value_id) == (Level.DEFAULT, "", None)
    assert nobody.why == "Nobody set it: this is the default."


def test_red_twin_with_the_levels_turned_round_the_oracle_disagrees(monkeypatch):
    monkeypatch.setattr(compute, "LEVELS", tuple(reversed(compute.LEVELS)))
    values = [said(n, level, name, AT - DAY, None) for n, (level, name) in enumerate(NAMES.items(), start=10)]
    assert compute.resolve(ROOMY, values, PLACE, AT).value != oracle(("running",) * 5)


@given(st.lists(st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(1, 12))), max_size=12))
def test_spans_never_overlap_and_every_instant_has_the_value_last_set_for_it(wishes):
    """Set values for spans of days one after the other; a list of days is the oracle."""
    values: list[SettingValue] = []
    days: list[float | None] = [None] * 60
    for number, (start, length) in enumerate(wishes, start=1):
        starts_at, ends_at = AT + start * DAY, None if length is None else AT + (start + length) * DAY
        planned = any(v.starts_at > starts_at and (ends_at is None or v.starts_at < ends_at) for v in full(values))
        try:
            carved = compute.carve(values, starts_at, ends_at)
        except Conflict:
            assert planned
            continue
        assert not planned
        values = apply(values, carved, number, starts_at, ends_at)
        for day in range(start, 60 if length is None else start + length):
            days[day] = float(number)
    for day, expected in enumerate(days):
        held = [v.value for v in values if v.is_in_force(AT + day * DAY)]
        assert held == ([] if expected is None else [expected])


def full(values: list[SettingValue]) -> list[SettingValue]:
    """Those that are in force at some instant."""
    return [v for v in values if v.ends_at is None or v.ends_at > v.starts_at]


def apply(values, carved, number, starts_at, ends_at):
    """Do to a list what the action does to the table."""
    kept = [v for v in values if v is not carved.cut]
    if carved.cut is not None:
        old = carved.cut
        kept.append(said(int(old.value), "global", "", old.starts_at, starts_at))
        if carved.resumes_at is not None:
            kept.append(said(int(old.value), "global", "", carved.resumes_at, old.ends_at))
    return [*kept, said(number, "global", "", starts_at, ends_at)]
