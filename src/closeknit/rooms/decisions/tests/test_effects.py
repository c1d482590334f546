"""Who gains and who loses shows only as far as one may see it: no total tells of a single account."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.rooms.decisions.compute.effects import show_effects
from closeknit.rooms.decisions.contracts import Effect


def effects(**amounts):
    return [Effect(number, None if amount is None else Decimal(amount)) for number, amount in amounts.items()]


def test_who_sees_all_sees_every_account_the_biggest_loss_first():
    shown = show_effects(effects(A=5, B=-9, C=None), {"A", "B", "C"})
    assert [e.account_number for e in shown.listed] == ["B", "C", "A"]
    assert (shown.others_gain, shown.others_lose, shown.is_held_back) == (None, None, False)


@pytest.mark.parametrize(
    ("amounts", "gain", "lose", "held_back"),
    [
        ({"B": -1, "C": -1}, None, None, True),
        ({"B": -1, "C": -1, "D": -1}, None, Decimal(-3), False),
        ({"B": -8, "C": -1, "D": -1}, None, None, True),
        ({"B": -6, "C": -1, "D": -1}, None, Decimal(-8), False),
        ({"B": 1, "C": 1, "D": 1, "E": -5, "F": -5}, Decimal(3), None, False),
        ({}, None, None, False),
    ],
)
def test_others_show_as_a_total_of_three_or_more_of_whom_none_stands_out(amounts, gain, lose, held_back):
    shown = show_effects(effects(A=7, **amounts), {"A"})
    assert [e.account_number for e in shown.listed] == ["A"]
    assert (shown.others_gain, shown.others_lose, shown.is_held_back) == (gain, lose, held_back)


amounts = st.dictionaries(
    st.text("ABCDEFGH", min_size=1, max_size=2), st.decimals(-1000, 1000, places=2) | st.none(), max_size=12
)


@given(amounts, st.frozensets(st.text("ABCDEFGH", min_size=1, max_size=2)))
def test_nothing_of_a_hidden_account_is_listed_and_no_total_is_nearly_one_account(found, visible):
    shown = show_effects([Effect(number, amount) for number, amount in found.items()], visible)
    assert {e.account_number for e in shown.listed} == set(found) & visible
    for total, sign in ((shown.others_gain, 1), (shown.others_lose, -1)):
        hidden = [a * sign for n, a in found.items() if n not in visible and a is not None and a * sign > 0]
        if total is not None:
            assert len(hidden) >= 3
            assert abs(total) == sum(hidden)
            assert max(hidden) <= abs(total) * Decimal("0.75")
