"""Fellegi-Sunter against published weights, against truth that was drawn, and clusters against brute force."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.errors import EngineInputError
from closeknit.engine.matching import (
    chance_shares,
    cluster_links,
    fit_match_model,
    frequency_bits,
    match_weights,
    roots_of_merges,
    score_levels,
)

ANSWERS = Path(__file__).resolve().parents[3] / "shared" / "known_answers" / "customer.json"
M = np.array([[0.90, 0.08, 0.02], [0.80, 0.20, 0.0], [0.95, 0.05, 0.0], [0.90, 0.10, 0.0]])
U = np.array([[0.001, 0.009, 0.99], [0.002, 0.998, 0.0], [0.05, 0.95, 0.0], [0.01, 0.99, 0.0]])
N_LEVELS = [3, 2, 2, 2]


def published(name):
    if not ANSWERS.exists():
        pytest.skip("the published answers are not on this machine")
    return next(case for case in json.loads(ANSWERS.read_text())["cases"] if case["id"] == name)


def test_published_weights():
    case = published("er-01-fs-weights")
    m, u = np.array(list(case["input"].values())).T
    got, expected = match_weights(m, u), case["expected"]
    assert got.agree_bits == pytest.approx(expected["agree"], abs=0.02)
    assert got.disagree_bits == pytest.approx(expected["disagree"], abs=0.02)
    assert got.agree_bits.sum() == pytest.approx(expected["max_total"], abs=0.02)
    assert got.disagree_bits.sum() == pytest.approx(expected["min_total"], abs=0.02)


def drawn(rng, shares, count):
    columns = [rng.choice(len(row), count, p=row) for row in shares]
    return np.stack(columns, axis=1)


PAIRS, MATCHES = 2_000_000, 2000


def fitted(seed, **options):
    """Fitted to the pairs that share a block: those equal in the first field or the second."""
    rng = np.random.default_rng(seed)
    levels = np.concatenate([drawn(rng, M, MATCHES), drawn(rng, U, PAIRS - MATCHES)])
    chance = chance_shares(levels[rng.integers(0, PAIRS, 300_000)], N_LEVELS)
    compared = levels[(levels[:, :2] == 0).any(axis=1)]
    silent = rng.random(len(compared)) < 0.2
    compared[silent, 2] = -1
    patterns, counts = np.unique(compared, axis=0, return_counts=True)
    return fit_match_model(patterns, counts, chance, N_LEVELS, PAIRS, **options)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_drawn_shares_are_found_again(seed):
    model = fitted(seed)
    assert model.converged
    assert model.match_shares == pytest.approx(M, abs=0.03)
    assert model.matches == pytest.approx(MATCHES, rel=0.06)
    assert model.prior_share == pytest.approx(model.matches / PAIRS)


def test_red_twin_a_prior_of_compared_pairs_would_merge_what_differs():
    """Two records that agree on two common fields alone."""
    model, alone = fitted(1), [[2, 1, 0, 0]]
    right = score_levels(alone, model.weight_bits, model.prior_share).probability[0]
    wrong = score_levels(alone, model.weight_bits, MATCHES / 10_000).probability[0]
    assert right < 0.01
    assert wrong > 100 * right


def test_terms_add_up_to_the_total_less_the_prior():
    model = fitted(1)
    scores = score_levels([[0, -1, 0, 0], [2, 1, 1, 0]], model.weight_bits, model.prior_share)
    prior_bits = np.log2(model.prior_share / (1 - model.prior_share))
    assert scores.total_bits == pytest.approx(scores.term_bits.sum(axis=1) + prior_bits)
    assert scores.term_bits[0, 1] == 0.0
    assert scores.probability == pytest.approx(1 / (1 + 2**-scores.total_bits))


def test_what_did_not_settle_says_so():
    assert not fitted(1, max_iterations=1).converged


def test_a_rare_value_says_more_than_a_common_one():
    bits = frequency_bits([0.5, 0.01, 1e-6], 0.01)
    assert (np.diff(bits) > 0).all()
    assert bits[1] == 0.0
    assert bits[2] == 8.0


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_clusters_are_those_of_the_links_used_and_keep_apart_what_must_be(data):
    n = data.draw(st.integers(2, 9))
    ends = st.integers(0, n - 1)
    links = data.draw(st.lists(st.tuples(ends, ends, st.floats(0, 9)), max_size=15))
    apart = [(a, b) for a, b in data.draw(st.lists(st.tuples(ends, ends), max_size=4)) if a != b]
    first, second, weight = ([link[i] for link in links] for i in range(3))
    colour = data.draw(st.lists(st.integers(-1, 1), min_size=n, max_size=n))
    got = cluster_links(n, first, second, weight, [a for a, _ in apart], [b for _, b in apart], colour)
    assert all(
        len({c for c, own in zip(colour, got.label, strict=True) if own == each and c >= 0}) < 2 for each in range(n)
    )
    assert all(got.label[a] != got.label[b] for a, b in apart)
    used = [(a, b) for (a, b, _), keep in zip(links, got.used, strict=True) if keep]
    label = list(range(n))
    for _ in range(n):
        for a, b in used:
            label[a] = label[b] = min(label[a], label[b])
    assert got.label.tolist() == label
    if not apart and not {0, 1} <= set(colour):
        assert got.used.all()


def test_the_strongest_link_comes_first():
    got = cluster_links(3, [0, 1], [1, 2], [1.0, 2.0], [0], [2])
    assert got.used.tolist() == [False, True]


def test_merges_lead_to_their_end_and_circles_are_refused():
    assert roots_of_merges([0, 0, 1, 2, 4]).tolist() == [0, 0, 0, 0, 4]
    assert roots_of_merges([]).tolist() == []
    for circle in ([1, 0], [1, 2, 0], [1, 2, 3, 0], [0, 2, 3, 4, 5, 1]):
        with pytest.raises(EngineInputError, match="circle"):
            roots_of_merges(circle)
