"""Reconciliation against the textbook's dense formula, its optimality conditions, and quadratic programs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize, sparse

from closeknit.engine.errors import EngineInputError, EngineSolverError
from closeknit.engine.forecasting.hierarchy import (
    Hierarchy,
    hierarchy_of_groups,
    hierarchy_of_parents,
    hierarchy_of_sums,
)
from closeknit.engine.forecasting.reconciliation import add_up, reconcile

Array = NDArray[np.float64]


def summing_of(hierarchy: Hierarchy) -> Array:
    summing = np.zeros((hierarchy.node_count, hierarchy.leaves.size))
    summing[hierarchy.leaves, np.arange(hierarchy.leaves.size)] = 1.0
    summing[hierarchy.uppers] = hierarchy.members.toarray()
    return summing


def textbook(base: Array, summing: Array, covariance: Array) -> Array:
    """S (S' W^-1 S)^-1 S' W^-1 y, by QR of the whitened summing matrix."""
    white = np.linalg.cholesky(covariance)
    return summing @ np.linalg.lstsq(np.linalg.solve(white, summing), np.linalg.solve(white, base))[0]


def random_tree(rng: np.random.Generator, nodes: int, roots: int = 1) -> Hierarchy:
    parents = np.array([-1] * roots + [int(rng.integers(0, i)) for i in range(roots, nodes)])
    names = rng.permutation(nodes)
    shuffled = np.empty(nodes, dtype=int)
    shuffled[names] = np.where(parents >= 0, names[np.maximum(parents, 0)], -1)
    return hierarchy_of_parents(shuffled)


def random_groups(rng: np.random.Generator, leaves: int) -> Hierarchy:
    region, product = rng.integers(0, 4, leaves), rng.integers(0, 3, leaves)
    channel = rng.integers(-1, 2, leaves)
    return hierarchy_of_groups(np.column_stack([np.zeros(leaves), region, product, region * 3 + product, channel]))


def structures(rng: np.random.Generator) -> list[Hierarchy]:
    crossed = random_groups(rng, 30)
    return [random_tree(rng, 40), random_tree(rng, 25, 3), random_tree(rng, 2), crossed]


@pytest.mark.parametrize("seed", range(8))
def test_variances_give_the_textbook_formula(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for hierarchy in structures(rng):
        summing = summing_of(hierarchy)
        base = rng.normal(50.0, 20.0, (hierarchy.node_count, 5))
        for variances in (None, 10.0 ** rng.uniform(-2, 2, hierarchy.node_count), np.ones(hierarchy.node_count)):
            got = reconcile(base, hierarchy, variances)
            weight = summing.sum(axis=1) if variances is None else variances
            np.testing.assert_allclose(got.values, textbook(base, summing, np.diag(weight)), rtol=1e-10, atol=1e-9)
            np.testing.assert_allclose(got.values, summing @ got.values[hierarchy.leaves], rtol=1e-13, atol=1e-11)
            np.testing.assert_allclose(got.gaps, base - summing @ base[hierarchy.leaves], atol=1e-11)
            np.testing.assert_allclose(got.adjustments, got.values - base, atol=0.0)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), nodes=st.integers(1, 60), crossed=st.booleans())
def test_what_adds_up_is_left_alone_and_signals_keep_their_size(seed: int, nodes: int, crossed: bool) -> None:
    rng = np.random.default_rng(seed)
    hierarchy = random_groups(rng, nodes) if crossed else random_tree(rng, nodes, 1)
    variances = rng.gamma(1.0, 2.0, hierarchy.node_count) + 1e-3
    truth = summing_of(hierarchy) @ rng.normal(0.0, 5.0, (hierarchy.leaves.size, 3))
    # unbiased stays unbiased: the map leaves every sum of leaves as it is, so errors of mean zero keep it
    np.testing.assert_allclose(reconcile(truth, hierarchy, variances).values, truth, atol=1e-9)
    noise = rng.normal(0.0, 1.0, truth.shape)
    once = reconcile(truth + noise, hierarchy, variances).values
    np.testing.assert_allclose(once, truth + reconcile(noise, hierarchy, variances).values, atol=1e-9)
    np.testing.assert_allclose(reconcile(once, hierarchy, variances).values, once, atol=1e-9)
    np.testing.assert_allclose(reconcile(truth + noise, hierarchy, variances * 7.0).values, once, atol=1e-9)


def test_a_tree_written_as_groups_or_as_a_matrix_is_the_same_tree() -> None:
    rng = np.random.default_rng(4)
    tree = hierarchy_of_parents([-1, 0, 0, 1, 1, 1, 2, 2])
    groups = hierarchy_of_groups([[0, 0], [0, 0], [0, 0], [0, 1], [0, 1]])
    matrix = hierarchy_of_sums(summing_of(tree))
    base, variances = rng.normal(10.0, 3.0, (8, 4)), rng.gamma(2.0, 1.0, 8)
    expected = reconcile(base, tree, variances).values
    for other in (groups, matrix):
        np.testing.assert_allclose(reconcile(base, other, variances).values, expected, rtol=1e-12)
        np.testing.assert_array_equal(other.leaf_counts, tree.leaf_counts)


def optimality(base: Array, hierarchy: Hierarchy, variances: Array, values: Array) -> float:
    """Largest S' W^-1 (y - y~) over the sizes that cancel in it: 0 at the least squares."""
    left = (base - values) / variances[:, None]
    uppers, leaves, members = hierarchy.uppers, hierarchy.leaves, hierarchy.members
    slope = left[leaves] + members.T @ left[uppers]
    size = np.abs(left[leaves]) + members.T @ np.abs(left[uppers])
    return float(np.max(np.abs(slope) / size.max(axis=0)))


@pytest.mark.parametrize("crossed", [False, True])
def test_large_structures_reach_the_optimum(crossed: bool) -> None:
    rng = np.random.default_rng(11)
    leaves = 20_000
    region, product = rng.integers(0, 40, leaves), rng.integers(0, 300, leaves)
    labels = [np.zeros(leaves), region, product, region * 300 + product]
    hierarchy = hierarchy_of_groups(np.column_stack(labels))
    if not crossed:
        parents = np.concatenate([[-1], np.zeros(200), 1 + rng.integers(0, 200, leaves)])
        hierarchy = hierarchy_of_parents(parents)
    base = np.empty((hierarchy.node_count, 3))
    base[hierarchy.leaves] = rng.gamma(2.0, 20.0, (leaves, 3))
    base[hierarchy.uppers] = hierarchy.members @ base[hierarchy.leaves] * rng.uniform(0.8, 1.2, (1, 3))
    variances = hierarchy.leaf_counts * 10.0 ** rng.uniform(-2, 2, hierarchy.node_count)
    got = reconcile(base, hierarchy, variances)
    assert optimality(base, hierarchy, variances, got.values) <= 1e-9
    assert optimality(base, hierarchy, variances, got.values * (1.0 + 1e-6)) > 1e-8, "a wrong answer is seen"


def test_compiled_and_plain_agree() -> None:
    rng = np.random.default_rng(2)
    tree = random_tree(rng, 700)
    base, variances = rng.normal(5.0, 4.0, (700, 8)), rng.gamma(2.0, 1.0, 700)
    for non_negative in (False, True):
        whole = reconcile(base, tree, variances, non_negative=non_negative).values
        one = np.column_stack(
            [reconcile(base[:, [t]], tree, variances, non_negative=non_negative).values for t in range(8)]
        )
        np.testing.assert_allclose(whole, one, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_non_negative_is_the_quadratic_program(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for hierarchy in structures(rng):
        summing = summing_of(hierarchy)
        variances = 10.0 ** rng.uniform(-1.5, 1.5, hierarchy.node_count)
        base = rng.normal(0.3, 2.0, (hierarchy.node_count, 4))
        got = reconcile(base, hierarchy, variances, non_negative=True)
        white = 1.0 / np.sqrt(variances)
        for t in range(4):
            leaves, _ = optimize.nnls(white[:, None] * summing, white * base[:, t])
            np.testing.assert_allclose(got.values[:, t], summing @ leaves, atol=1e-9)
        assert (got.values >= 0.0).all()
        assert (got.values[got.is_held] == 0.0).all()


def test_certain_nodes_stay_as_they_are() -> None:
    tree = hierarchy_of_parents([-1, 0, 0, 1, 1])
    base = np.array([[100.0], [30.0], [50.0], [10.0], [12.0]])
    kept_top = reconcile(base, tree, [0.0, 1.0, 1.0, 1.0, 1.0]).values
    assert kept_top[0, 0] == pytest.approx(100.0, abs=1e-12)
    kept_leaves = reconcile(base, tree, [1.0, 1.0, 0.0, 0.0, 0.0]).values
    np.testing.assert_allclose(kept_leaves[:, 0], [72.0, 22.0, 50.0, 10.0, 12.0])
    everything = reconcile(base, tree, np.zeros(5)).values
    np.testing.assert_allclose(everything, kept_leaves)
    tiny = reconcile(base, tree, [1e-13, 1.0, 1.0, 1.0, 1.0]).values
    np.testing.assert_allclose(kept_top, tiny, rtol=1e-10)


@pytest.mark.parametrize(
    ("parents", "words"),
    [
        ([1, 0], "own ancestor"),
        ([0], "own ancestor"),
        ([-1, 5], "index of a node"),
        ([-1, 0.5], "whole number"),
        ([], "empty"),
        ([-1, -2], "at least -1"),
    ],
)
def test_what_is_no_tree_is_refused(parents: list[float], words: str) -> None:
    with pytest.raises(EngineInputError, match=words):
        hierarchy_of_parents(parents)


def test_bad_input_is_refused_with_the_fix() -> None:
    tree = hierarchy_of_parents([-1, 0, 0])
    with pytest.raises(EngineInputError, match=r"base\[1, 0\] is nan.*fill missing"):
        reconcile([[1.0], [np.nan], [2.0]], tree)
    with pytest.raises(EngineInputError, match="one per node"):
        reconcile(np.ones((2, 1)), tree)
    with pytest.raises(EngineInputError, match="one per node"):
        reconcile(np.ones((3, 1)), tree, [1.0, 2.0])
    with pytest.raises(EngineInputError, match="row with a single 1"):
        hierarchy_of_sums([[1, 1], [1, 0]])
    with pytest.raises(EngineInputError, match="contradict"):
        reconcile(np.ones((6, 1)), hierarchy_of_groups([[0, 0], [0, 0], [0, 1]]), [0.0, 1.0, 1.0, 1.0, 1.0, 1.0])


def test_members_are_sparse_and_ordered() -> None:
    crossed = hierarchy_of_groups([[0, 3], [0, 1], [0, 3]])
    assert sparse.issparse(crossed.members)
    assert crossed.members.toarray().tolist() == [[1, 1, 1], [0, 1, 0], [1, 0, 1]]
    assert crossed.leaves.tolist() == [3, 4, 5]


def test_sums_that_are_nearly_certain_and_contradict_are_told() -> None:
    twice = hierarchy_of_groups([[0, 0], [0, 0], [0, 0]])
    base = np.array([[10.0], [20.0], [3.0], [3.0], [3.0]])
    with pytest.raises(EngineSolverError, match="less extreme variances"):
        reconcile(base, twice, [1e-200, 1e-200, 1.0, 1.0, 1.0])
    between = reconcile(base, twice, [1e-6, 1e-6, 1.0, 1.0, 1.0])
    assert between.values[0, 0] == pytest.approx(15.0, abs=1e-4)


def test_adding_up_is_the_summing_matrix() -> None:
    rng = np.random.default_rng(3)
    for hierarchy in structures(rng):
        leaves = rng.normal(5.0, 3.0, (hierarchy.leaves.size, 2))
        np.testing.assert_allclose(add_up(leaves, hierarchy), summing_of(hierarchy) @ leaves, rtol=1e-13, atol=1e-12)


def test_a_large_tree_above_zero_meets_the_conditions_of_its_optimum() -> None:
    rng = np.random.default_rng(4)
    parents = np.concatenate([[-1], np.zeros(20), 1 + np.arange(300) % 20, 21 + np.arange(6000) % 300])
    tree = hierarchy_of_parents(parents)
    base = np.array(add_up(rng.gamma(0.5, 2.0, (6000, 3)) - 0.3, tree))
    base[tree.uppers] *= 0.8
    variances = rng.gamma(2.0, 1.0, tree.node_count)
    got = reconcile(base, tree, variances, non_negative=True)
    left = (base - got.values) / variances[:, None]
    slope = left[tree.leaves] + tree.members.T @ left[tree.uppers]
    held = got.is_held[tree.leaves]
    assert 0.1 < held.mean() < 0.9
    assert np.abs(slope[~held]).max() < 1e-9
    assert slope[held].max() < 1e-9, "no held leaf wants to rise"
