"""Strict tables: nothing is answered twice, nothing silently, and each row says why it did not match."""

from decimal import Decimal

import pytest

from closeknit.kernel.errors import Invalid
from closeknit.rooms.decisions.reads import ask_strict_table, read_strict_table

GOOD = """
version: t/1
title: Who gets what
hit: unique
effective_from: 2026-01-01
inputs:
  score: {kind: number, from: 0, below: 101, may_be_unknown: true}
  contract: {kind: flag}
  tier: {kind: word, words: [key, volume]}
answers: [close, far]
rows:
  - {when: {score: from 60}, then: close, because: It scores high.}
  - {when: {score: below 60, contract: true}, then: close}
  - {when: {score: below 60, contract: false}, then: far}
  - {when: {score: unknown}, then: far}
cases:
  - {case: high, given: {score: 60, contract: false, tier: key}, then: close}
  - {case: not known, given: {score: unknown, contract: true, tier: key}, then: far}
"""


def given(**changes: object) -> dict[str, object]:
    return {"score": Decimal("59.999"), "contract": False, "tier": "key", **changes}


def test_it_answers_and_keeps_every_rows_verdict() -> None:
    got = ask_strict_table(read_strict_table(GOOD), given())
    assert (got.answers, got.rows, len(got.verdicts)) == (("far",), (3,), 4)
    assert got.verdicts[0].sentence == "score is 59.999; asked for from 60."
    assert got.verdicts[1].sentence == "contract is false; asked for true."
    assert got.verdicts[2].matched


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("from 60}, then: close, b", "from 61}, then: close, b", "No row answers score 60"),
        ("below 60, contract: true", "below 61, contract: true", "Rows 1 and 2 both answer score 60"),
        ("from 60}", "'>= '}", "no band"),
        ("kind: flag", "kind: flags", "number, word or flag"),
        ("then: far}\n  - {when: {score: un", "then: fra}\n  - {when: {score: un", "no answer of this table"),
        ("given: {score: 60,", "given: {score: 59,", "high gives far, not close"),
        ("contract: false}, then: far}", "contract: no way}, then: far}", "true or false"),
        ("{score: unknown}, then", "{points: unknown}, then", "not known here"),
        ("hit: unique", "hit: unique\nhit: first", "twice"),
    ],
)
def test_a_table_with_a_fault_is_refused_when_it_is_read(before: str, after: str, said: str) -> None:
    assert before in GOOD
    with pytest.raises(Invalid, match=said):
        read_strict_table(GOOD.replace(before, after))


@pytest.mark.parametrize(
    "wrong",
    [
        {"score": 59.9},
        {"score": "60"},
        {"score": True},
        {"score": Decimal("NaN")},
        {"score": Decimal(101)},
        {"contract": None},
        {"contract": 1},
        {"tier": "Key"},
        {"other": True},
    ],
)
def test_what_is_not_of_its_type_is_refused_not_filed_under_something(wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        ask_strict_table(read_strict_table(GOOD), given(**wrong))


def test_a_missing_input_is_not_an_unknown_one() -> None:
    table = read_strict_table(GOOD)
    with pytest.raises(Invalid, match="missing"):
        ask_strict_table(table, {"contract": True, "tier": "key"})
    assert ask_strict_table(table, given(score=None)).answers == ("far",)


def test_first_and_collect_and_a_default_row() -> None:
    first = GOOD.replace("hit: unique", "hit: first").replace("below 60, contract: true", "from 20, contract: true")
    with pytest.raises(Invalid, match="No row answers score 0"):
        read_strict_table(first)
    first = first.replace("{when: {score: unknown}, then: far}", "{default: true, then: far}")
    assert ask_strict_table(read_strict_table(first), given(score=Decimal(70), contract=True)).rows == (1,)
    assert ask_strict_table(read_strict_table(first), given(score=Decimal(5), contract=True)).rows == (4,)
    every = first.replace("hit: first", "hit: collect")
    assert ask_strict_table(read_strict_table(every), given(score=Decimal(70), contract=True)).rows == (1, 2)
    with pytest.raises(Invalid, match="Nothing reaches row 2"):
        read_strict_table(first.replace("{score: from 20, contract: true}", "{score: from 61, contract: true}"))
