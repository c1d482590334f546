"""Who may answer and what answers come to, without a database: own hats, borrowed hats, four eyes, deadlock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.rooms.decisions.compute.deciding import DONE, OWN, SAME_HAT, Chair, Comes, Given, find_seat, settle

LEAD, EXEC = "service-lead", "executive"
ROLES = (LEAD, EXEC)


def own(key, *roles):
    return Chair(key, key.title(), "", "", roles)


def lent(key, lender, *roles):
    return Chair(key, key.title(), lender, lender.title(), roles)


def yes(key, role=LEAD, for_key=""):
    return Given(key, for_key, role, True)


def no(key, role=LEAD, for_key=""):
    return Given(key, for_key, role, False)


@pytest.mark.parametrize(
    ("chairs", "roles", "proposers", "given_so_far", "refusal"),
    [
        ([own("carol", LEAD)], ROLES, {"alice"}, [], ""),
        ([own("carol", "planner")], ROLES, {"alice"}, [], "It waits for a service lead or executive."),
        ([own("carol", LEAD)], (EXEC,), {"alice"}, [], "It waits for an executive."),
        # Nobody decides what they proposed: not with the own hat, not with a borrowed one.
        ([own("alice", LEAD)], ROLES, {"alice"}, [], OWN),
        ([own("alice"), lent("alice", "carol", LEAD)], ROLES, {"alice"}, [], OWN),
        # Nor does who acts for the proposer, nor whose rights the proposer borrowed.
        ([lent("dana", "carol", LEAD)], ROLES, {"carol"}, [], OWN),
        ([own("carol", LEAD)], ROLES, {"alice", "carol"}, [], OWN),
        # With an own right or that of a third person the borrower may.
        ([own("dana", LEAD), lent("dana", "carol", LEAD)], ROLES, {"carol"}, [], ""),
        ([lent("dana", "carol", LEAD), lent("dana", "hana", EXEC)], ROLES, {"carol"}, [], ""),
        # Four eyes: a person counts once, and so does a hat.
        ([own("carol", LEAD)], ROLES, {"alice"}, [yes("carol")], DONE),
        ([own("carol", LEAD), lent("carol", "hana", EXEC)], ROLES, {"alice"}, [yes("carol")], DONE),
        ([lent("dana", "carol", LEAD)], ROLES, {"alice"}, [yes("carol")], SAME_HAT),
        ([own("carol", LEAD)], ROLES, {"alice"}, [yes("dana", LEAD, "carol")], SAME_HAT),
        ([lent("emil", "carol", LEAD)], ROLES, {"alice"}, [yes("dana", LEAD, "carol")], SAME_HAT),
        ([own("hana", EXEC)], ROLES, {"alice"}, [yes("dana", LEAD, "carol")], ""),
        ([own("carol", LEAD)], (), {"alice"}, [], "Policy settled it."),
    ],
)
def test_who_may_answer(chairs, roles, proposers, given_so_far, refusal):
    seat = find_seat(chairs, roles, frozenset(proposers), given_so_far)
    assert seat.refusal == refusal
    assert (seat.chair is not None) is (not refusal)


def test_the_own_hat_comes_first():
    seat = find_seat([own("dana", LEAD), lent("dana", "carol", EXEC)], (EXEC, LEAD), frozenset(), [])
    assert (seat.chair.for_key, seat.role) == ("", LEAD)


@pytest.mark.parametrize(
    ("answers", "approvals", "comes"),
    [
        ([yes("a")], 1, Comes.APPROVED),
        ([no("a")], 1, Comes.REJECTED),
        ([yes("a")], 2, Comes.WAITS),
        ([yes("a"), yes("b")], 2, Comes.APPROVED),
        ([no("a")], 2, Comes.REJECTED),
        ([yes("a"), no("b")], 2, Comes.REJECTED),
        ([yes("a", LEAD), no("b", EXEC)], 2, Comes.DEADLOCKED),
        ([yes("a", LEAD), no("b", EXEC), yes("c", EXEC)], 2, Comes.APPROVED),
        ([yes("a", LEAD), no("b", EXEC), no("c", LEAD)], 2, Comes.REJECTED),
    ],
)
def test_what_answers_come_to(answers, approvals, comes):
    assert settle(answers, approvals) is comes


people = st.sampled_from(["a", "b", "c", "d"])
chairs = st.builds(
    lambda key, lender, role: Chair(key, key, "" if lender == key else lender, lender, (role,)),
    st.just("a"),
    people,
    st.sampled_from(ROLES),
)
answers = st.lists(
    st.builds(
        lambda key, lender, role, word: Given(key, "" if key == lender else lender, role, word),
        people,
        people,
        st.sampled_from(ROLES),
        st.booleans(),
    ),
    max_size=3,
)


@given(st.lists(chairs, min_size=1, max_size=4), st.frozensets(people, max_size=2), answers)
def test_a_seat_never_joins_a_proposer_or_an_earlier_answer(own_chairs, proposers, given_so_far):
    seat = find_seat(own_chairs, ROLES, proposers, given_so_far)
    if seat.chair:
        assert not seat.chair.people & proposers
        assert not any(seat.chair.people & answer.people for answer in given_so_far)
        assert seat.role in seat.chair.roles
