"""The decision table is strict: every case has exactly one row, and whoever breaks that hears where."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.kernel.errors import Invalid
from closeknit.rooms.decisions.compute import cases_of, judge, read_table, shipped_table
from closeknit.rooms.decisions.compute.table import answers, prove_strict
from closeknit.rooms.decisions.contracts import Outcome, Question, RulesSay
from closeknit.rooms.decisions.contracts.policy import KindTable, MoneyBand, TableRow

GOOD = """
version: t/1
title: A test
kinds:
  loan:
    title: Lend
    rules:
      - {rule: short, fact: days, at_most: 7, sentence: "{value} of {limit}"}
    rows:
      - {rules: hold, money: [none, EUR below 100, other], then: approve}
      - rules: hold
        money: [EUR from 100]
        then: {wait_for: [executive], answer_within_hours: 4, expires_after_hours: 8}
      - {rules: fail, then: {wait_for: [service-lead], approvals: 2, answer_within_hours: 4, expires_after_hours: 8}}
"""


def test_the_shipped_table_is_strict_and_covers_what_the_product_proposes():
    table = shipped_table()
    assert set(table.kinds) >= {"plan", "tier", "exception", "renegotiation", "capacity-loan"}
    for kind in table.kinds.values():
        prove_strict(kind)
    four_eyes = [row for row in table.kinds["tier"].rows if row.outcome.approvals == 2]
    assert [row.tiers for row in four_eyes] == [frozenset({"strategic", "key"})]


def test_a_good_table_is_read():
    table = read_table(GOOD)
    kind = table.kinds["loan"]
    assert (table.version, len(kind.rows), kind.rows[2].outcome.approvals) == ("t/1", 3, 2)
    # 5 tiers x 2 x (no money + EUR in two bands + other)
    assert len(list(cases_of(kind))) == 40


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("EUR from 100", "EUR from 101"), "No row answers tier strategic, EUR from 100 below 101, rules hold."),
        (
            ("EUR from 100", "EUR from 99.5"),
            "Rows 1 and 2 both answer tier strategic, EUR from 99.5 below 100, rules hold.",
        ),
        (("[none, EUR", "[EUR"), "No row answers tier strategic, no money at stake, rules hold."),
        ((", other]", "]"), "No row answers tier strategic, other currencies from 0, rules hold."),
        (
            ("rules: fail, then", "rules: fail, tier: [key], then"),
            "No row answers tier strategic, no money at stake, rules fail.",
        ),
        (("rules: fail, then", "then"), "both answer"),
        (("EUR below 100", "EUR below 0"), "holds no amount"),
        (("EUR below 100", "EUR up to 100"), "no band of money"),
        (("EUR below 100", "EUR from -5 below 100"), "no band of money"),
        (("[executive]", "[king]"), "No role that decides is called 'king'"),
        (("[executive]", "[planner]"), "No role that decides is called 'planner'"),
        (("[executive]", "[]"), "No role"),
        (("approvals: 2", "approvals: 3"), "approvals is 1, or 2"),
        (("approvals: 2", "approvals: true"), "approvals is 1, or 2"),
        (("executive], answer_within_hours: 4", "executive], answer_within_hours: 9"), "expire before"),
        (("at_most: 7", "at_most: many"), "needs a number"),
        (("at_most: 7", "at_most: .nan"), "needs a number"),
        (("at_most: 7", "at_most: 7, at_least: 1"), "exactly one"),
        (("title: Lend", "title: Lend\n    colour: red"), "'colour' is not known"),
        (("version: t/1", "version: t/1\nversion: t/2"), "appears twice"),
        (("then: approve", "then: *x"), "YAML"),
        (("title: A test", "title: [A test"), "YAML"),
        (("loan:", "Lo an:"), "no name for a kind"),
        (("rows:", "lines:"), "not known here"),
    ],
)
def test_a_table_that_is_not_strict_is_refused_with_the_case(change, says):
    text = GOOD.replace(*change)
    assert text != GOOD
    with pytest.raises(Invalid) as refused:
        read_table(text)
    assert says in refused.value.what
    assert refused.value.kept == "The table in force stays in force."


@pytest.mark.parametrize(
    "text", ["", "kinds: 3", "- a", "a: *b", "&a [*a]", "x" * 100_001, "!!python/object:os.system {}"]
)
def test_what_is_no_table_is_refused(text):
    with pytest.raises(Invalid):
        read_table(text)


money_edges = st.decimals(min_value=0, max_value=1000, places=2)
bands = st.builds(
    lambda currency, low, width: MoneyBand(currency, low, None if width is None else low + width),
    st.sampled_from(["EUR", "USD", "other"]),
    money_edges,
    st.none() | st.decimals(min_value=Decimal("0.01"), max_value=500, places=2),
)
tiers = st.frozensets(st.sampled_from(["strategic", "key", "standard", "volume", "none"]), min_size=1)
rows = st.builds(
    lambda tiers, money, no_money, rules: TableRow(
        0, tiers, money, no_money or money is None, rules, Outcome(True), ""
    ),
    tiers,
    st.none() | st.lists(bands, min_size=1, max_size=3).map(tuple),
    st.booleans(),
    st.frozensets(st.sampled_from(list(RulesSay)), min_size=1),
)
RULE = read_table(GOOD).kinds["loan"].rules


@settings(max_examples=300, deadline=None)
@given(st.lists(rows, min_size=1, max_size=4), st.lists(money_edges, max_size=8))
def test_the_proof_agrees_with_asking_row_by_row_at_many_amounts(made, amounts):
    """The oracle asks single amounts, also a hair beside every edge; the prover goes by intervals."""
    kind = KindTable("loan", "Lend", RULE, tuple(replace(row, number=n) for n, row in enumerate(made, 1)))
    try:
        prove_strict(kind)
        strict = True
    except Invalid:
        strict = False
    edges = [e for row in made for band in row.money or () for e in (band.at_least, band.below) if e is not None]
    hair = Decimal("0.0001")
    probes = {Decimal(0), *amounts, *edges, *(e - hair for e in edges if e), *(e + hair for e in edges), Decimal(10**9)}
    named = {band.currency for row in made for band in row.money or ()} - {"other"}
    hits = {
        sum(answers(row, tier, said, currency, amount) for row in made)
        for tier in ("strategic", "key", "standard", "volume", "none")
        for said in RulesSay
        for currency in (*named, "other")
        for amount in (None, *probes)
    }
    assert strict is (hits == {1})


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(shipped_table().kinds)),
    st.sampled_from(["strategic", "key", "standard", "volume", "none"]),
    st.none() | st.decimals(min_value=0, max_value=10**9, places=2),
    st.sampled_from(["EUR", "USD", "GBP", "JPY", ""]),
    st.dictionaries(
        st.sampled_from([rule.fact for kind in shipped_table().kinds.values() for rule in kind.rules]),
        st.none() | st.booleans() | st.integers(0, 400) | st.floats(-2, 2),
    ),
)
def test_every_question_gets_one_answer_and_the_same_again(kind, tier, money, currency, facts):
    question = Question(kind, tier, money, currency, facts, {})
    judgement = judge(shipped_table(), question)
    assert judgement == judge(shipped_table(), question)
    assert judgement.automatic is judgement.outcome.settles
    if not all(verdict.holds for verdict in judgement.verdicts):
        assert not judgement.automatic
