"""Scores add up exactly, whatever is known, and say what moved them. No database."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from closeknit.rooms.customers.compute.scores import (
    ScoreInputs,
    measure_terms,
    moves_between,
    rule_version,
    weigh_terms,
    whole_shares,
)
from closeknit.rooms.customers.contracts import ScoreTermName

PARTS = dict(zip(ScoreTermName, (35, 20, 20, 15, 10), strict=True))
MEASURES = st.fixed_dictionaries(
    {name: st.one_of(st.none(), st.integers(0, 1000)).map(lambda m: (m, "It is so.")) for name in ScoreTermName}
)
WEIGHTS = st.fixed_dictionaries({name: st.integers(0, 100) for name in ScoreTermName})


def inputs(number: str, **changes: object) -> ScoreInputs:
    plain = {
        "currency": "EUR",
        "value": 10.0,
        "chance_to_stay": 0.5,
        "strategic_share": 0.4,
        "age_weeks": 60.0,
        "last_half": 100.0,
        "half_before": 100.0,
        "handled_minutes": 30.0,
        "last_year": 200.0,
    }
    return ScoreInputs(number, **{**plain, **changes})  # type: ignore[arg-type]


@given(measures=MEASURES, parts=WEIGHTS)
def test_terms_add_up_to_the_score_without_a_rest(measures, parts):
    terms, total = weigh_terms(measures, parts)
    assert all(term.thousandths == term.weight * (term.measure or 0) for term in terms)
    known = [name for name, (measure, _) in measures.items() if measure is not None and parts[name] > 0]
    if not known:
        assert total is None
        return
    assert sum(term.weight for term in terms) == 100
    assert total == sum(term.thousandths for term in terms)
    assert sum(term.points for term in terms) == Decimal(total) / 1000
    assert 0 <= total <= 100_000


@given(before=MEASURES, after=MEASURES, parts=WEIGHTS)
def test_moves_add_up_to_the_difference(before, after, parts):
    (old, first), (new, second) = weigh_terms(before, parts), weigh_terms(after, parts)
    assert sum(move.points for move in moves_between(old, new)) == Decimal((second or 0) - (first or 0)) / 1000


def test_what_is_not_known_counts_neither_for_nor_against_and_is_said():
    all_known = measure_terms([inputs("A"), inputs("B", value=5.0)])
    without = measure_terms([inputs("A", strategic_share=None), inputs("B", value=5.0)])
    _, score = weigh_terms(all_known["A"], PARTS)
    terms, less = weigh_terms(without["A"], PARTS)
    missing = next(term for term in terms if term.term is ScoreTermName.STRATEGIC)
    assert (missing.weight, missing.measure, missing.thousandths) == (0, None, 0)
    assert missing.sentence == "Not known: nobody has said how strategic it is."
    assert sum(term.weight for term in terms) == 100
    assert less != score
    assert less > score - 40_000 * 0.2  # not as if it were zero


def test_measures_say_what_they_were_made_of():
    found = measure_terms(
        [
            inputs("A", value=30.0, last_half=200.0, handled_minutes=10.0),
            inputs("B", value=20.0, last_half=50.0),
            inputs("C", value=None, age_weeks=20.0, handled_minutes=None),
            inputs("D", currency="USD"),
        ]
    )
    assert found["A"][ScoreTermName.VALUE] == (750, "It is worth more than 75 % of accounts in its currency.")
    assert found["D"][ScoreTermName.VALUE][0] == 500
    assert [found[n][ScoreTermName.GROWTH][0] for n in "ABC"] == [1000, 0, None]
    assert found["A"][ScoreTermName.COST_TO_SERVE][0] > found["B"][ScoreTermName.COST_TO_SERVE][0]
    assert found["C"][ScoreTermName.VALUE][0] is None
    assert found["C"][ScoreTermName.COST_TO_SERVE][1].startswith("Not known: no handling time")


def test_weights_become_whole_per_cent_by_largest_remainder():
    assert whole_shares({ScoreTermName.VALUE: 1, ScoreTermName.STAYS: 1, ScoreTermName.GROWTH: 1}) == {
        ScoreTermName.VALUE: 34,
        ScoreTermName.STAYS: 33,
        ScoreTermName.GROWTH: 33,
    }
    assert rule_version(PARTS) == "score/1 35-20-20-15-10"
