"""Which totals tell too much of somebody: three others at least, none above three quarters, no taking apart."""

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.rooms.capacity.compute import disclosure
from closeknit.rooms.capacity.compute.disclosure import (
    disclose,
    join,
    may_show_total,
    members_of,
    pack_members,
    spread,
    unpack_members,
)
from closeknit.rooms.demand.contracts import AccountUnits

WEEK = date(2026, 3, 2)
NEXT = date(2026, 3, 9)
FAIR = {"A": 10.0, "B": 10.0, "C": 10.0}
ACCOUNTS = st.sampled_from("ABCDEFG")
HOURS = st.dictionaries(ACCOUNTS, st.floats(0, 100), max_size=7)
PLANS = st.dictionaries(st.tuples(st.sampled_from(["p", "q", "r"]), st.sampled_from([WEEK, NEXT])), HOURS)


@pytest.mark.parametrize(
    ("others", "shown"),
    [
        ({}, True),
        ({"A": 0.0, "B": 0.0}, True),
        ({"A": 10.0}, False),
        ({"A": 10.0, "B": 10.0}, False),
        ({"A": 10.0, "B": 10.0, "C": 0.0}, False),
        (FAIR, True),
        ({"A": 75.0, "B": 12.5, "C": 12.5}, True),
        ({"A": 75.1, "B": 12.5, "C": 12.4}, False),
    ],
)
def test_a_total_needs_three_others_and_none_that_is_most_of_it(others, shown):
    assert may_show_total(others) is shown


def test_a_pool_is_hidden_in_all_its_weeks_where_one_week_tells_too_much():
    others = {("p", WEEK): FAIR, ("p", NEXT): {"A": 1.0}, ("q", WEEK): FAIR}
    assert disclose(others, ["p", "q"]).pools == {"q"}


def test_a_pool_nobody_else_uses_is_shown():
    assert disclose({}, ["p"]) == disclosure.Disclosure(frozenset({"p"}), frozenset({"p"}), whole=True)


def test_the_whole_is_hidden_where_taking_the_shown_away_would_leave_a_hidden_pool():
    assert not disclose({("p", WEEK): {"A": 5.0}, ("q", WEEK): FAIR}, ["p", "q"]).whole


def test_the_whole_is_shown_where_the_hidden_pools_together_tell_of_nobody():
    others = {("p", WEEK): {"A": 5.0}, ("q", WEEK): {"B": 5.0}, ("r", WEEK): {"C": 5.0}}
    assert disclose(others, ["p", "q", "r"]) == disclosure.Disclosure(frozenset(), frozenset(), whole=True)


@given(PLANS)
def test_no_sum_that_can_be_worked_out_tells_of_fewer_than_three(others):
    """What is shown, and what is left when it is taken from the whole, each hold three others or nobody."""
    found = disclose(others, ["p", "q", "r"])
    can_be_known = [hours for (pool, _), hours in others.items() if pool in found.pools]
    if found.whole:
        can_be_known.append(join(hours for (pool, _), hours in others.items() if pool not in found.pools))
    for hours in can_be_known:
        held = sorted(value for value in hours.values() if value > 0)
        assert not held or (len(held) >= 3 and held[-1] <= 0.75 * sum(held))


def test_red_twin_without_the_rule_one_account_stands_alone(monkeypatch):
    monkeypatch.setattr(disclosure, "may_show_total", lambda others: True)
    found = disclose({("p", WEEK): {"A": 5.0}}, ["p"])
    assert found.pools == {"p"}
    assert found.whole


def test_a_tier_planned_together_is_its_members_in_the_shares_of_their_work():
    assert spread(12.0, {"A": 1.0, "B": 3.0}) == {"A": 3.0, "B": 9.0}


def test_a_group_of_unknown_members_counts_as_one_account():
    assert spread(12.0, {}) == {"": 12.0}


@dataclass(frozen=True)
class Desk:
    """A pool, as far as it matters here."""

    pool: str
    services: tuple[str, ...]
    regions: tuple[str, ...]


def test_members_are_found_by_service_and_region_and_only_where_planned_together():
    rows = [
        AccountUnits("mail", "north", "volume", "A", 2.0, False),
        AccountUnits("mail", "south", "volume", "A", 4.0, False),
        AccountUnits("phone", "north", "volume", "B", 8.0, False),
        AccountUnits("mail", "north", "key", "C", 16.0, True),
    ]
    pools = [Desk("all", ("*",), ("*",)), Desk("mail-north", ("mail",), ("north",))]
    members = members_of(pools, rows)
    assert members == {"all": {"volume": {"A": 6.0, "B": 8.0}}, "mail-north": {"volume": {"A": 2.0}}}
    assert unpack_members(pack_members(members)) == members


def test_a_plan_made_before_members_were_kept_has_none():
    assert unpack_members(b"") == {}
