"""Reconciliation by past errors against the textbook's dense formulas, and its samples against sums of draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize
from tests.crosschecks.test_hierarchy import random_groups, random_tree, structures, summing_of, textbook

from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.hierarchy import hierarchy_of_groups, hierarchy_of_parents
from closeknit.engine.forecasting.reconciliation import add_up, reconcile
from closeknit.engine.forecasting.reconciliation_by_errors import (
    reconcile_by_errors,
    reconcile_quantiles,
    shrinkage_intensity,
)

Array = NDArray[np.float64]


def plain_intensity(errors: Array) -> float:
    """Pair by pair, as printed: Var(r_ij) from the products of standardised errors."""
    nodes, past = errors.shape
    scaled = errors / np.sqrt(np.mean(errors**2, axis=1, keepdims=True))
    top = bottom = 0.0
    for i in range(nodes):
        for j in range(nodes):
            if i != j:
                products = scaled[i] * scaled[j]
                top += products.var(ddof=1) / past
                bottom += products.mean() ** 2
    return float(min(1.0, top / bottom))


def shared_errors(rng: np.random.Generator, nodes: int, past: int) -> Array:
    return rng.gamma(1.0, 2.0, (nodes, 1)) * (rng.normal(0, 1, (nodes, past)) + 0.7 * rng.normal(0, 1, past))


@pytest.mark.parametrize("seed", range(6))
def test_the_intensity_is_the_printed_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    errors = shared_errors(rng, int(rng.integers(2, 12)), int(rng.integers(3, 40)))
    assert shrinkage_intensity(errors) == pytest.approx(plain_intensity(errors), rel=1e-10)
    assert shrinkage_intensity(errors * rng.gamma(1.0, 1.0, (errors.shape[0], 1))) == pytest.approx(
        shrinkage_intensity(errors), rel=1e-9
    )


@pytest.mark.parametrize("seed", range(6))
def test_past_errors_give_the_textbook_formula(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for hierarchy in structures(rng):
        summing = summing_of(hierarchy)
        base = rng.normal(50.0, 20.0, (hierarchy.node_count, 4))
        errors = shared_errors(rng, hierarchy.node_count, 15)
        for shrinkage in (None, 0.05, 0.6, 1.0):
            got = reconcile_by_errors(base, hierarchy, errors, shrinkage=shrinkage)
            sample = errors @ errors.T / errors.shape[1]
            covariance = got.shrinkage * np.diag(np.diag(sample)) + (1.0 - got.shrinkage) * sample
            expected = textbook(base, summing, covariance)
            np.testing.assert_allclose(got.reconciled.values, expected, rtol=1e-9, atol=1e-8)
            leaves = got.reconciled.values[hierarchy.leaves]
            np.testing.assert_allclose(got.reconciled.values, summing @ leaves, rtol=1e-13, atol=1e-11)
        diagonal = reconcile(base, hierarchy, np.mean(errors**2, axis=1)).values
        np.testing.assert_allclose(got.reconciled.values, diagonal, rtol=1e-9, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), nodes=st.integers(2, 40), crossed=st.booleans())
def test_what_adds_up_is_left_alone(seed: int, nodes: int, crossed: bool) -> None:
    rng = np.random.default_rng(seed)
    hierarchy = random_groups(rng, nodes) if crossed else random_tree(rng, nodes)
    truth = summing_of(hierarchy) @ rng.normal(0.0, 5.0, (hierarchy.leaves.size, 3))
    errors = shared_errors(rng, hierarchy.node_count, 12)
    got = reconcile_by_errors(truth, hierarchy, errors).reconciled.values
    np.testing.assert_allclose(got, truth, atol=1e-9)


def test_it_beats_weights_that_ignore_what_goes_together() -> None:
    rng = np.random.default_rng(1)
    tree = hierarchy_of_parents([-1, *[0] * 6, *np.repeat(np.arange(1, 7), 6)])
    mixing = rng.normal(0.0, 1.0, (tree.node_count, 3))
    errors = mixing @ rng.normal(0.0, 2.0, (3, 4000)) + rng.normal(0.0, 0.5, (tree.node_count, 4000))
    past, ahead = errors[:, :200], errors[:, 200:]
    by_errors = reconcile_by_errors(ahead, tree, past).reconciled.values
    by_sizes = reconcile(ahead, tree, np.mean(past**2, axis=1)).values
    assert np.mean(by_errors**2) < 0.6 * np.mean(by_sizes**2)


def test_a_large_crossed_structure_adds_up_and_is_the_best() -> None:
    rng = np.random.default_rng(4)
    leaves = 20_000
    region, product = rng.integers(0, 20, leaves), rng.integers(0, 50, leaves)
    hierarchy = hierarchy_of_groups(np.column_stack([np.zeros(leaves), region, product, region * 50 + product]))
    scale = rng.uniform(0.5, 2.0, (hierarchy.node_count, 1)) * np.sqrt(hierarchy.leaf_counts)[:, None]
    errors = scale * (rng.normal(0, 1, (hierarchy.node_count, 26)) + 0.5 * rng.normal(0, 1, 26))
    base = np.empty((hierarchy.node_count, 2))
    base[hierarchy.leaves] = rng.gamma(2.0, 20.0, (leaves, 2))
    base[hierarchy.uppers] = hierarchy.members @ base[hierarchy.leaves] * rng.uniform(0.9, 1.1, 2)
    got = reconcile_by_errors(base, hierarchy, errors)
    # at the optimum y^ - y~ is W C' price: W^-1 of it is orthogonal to all that adds up
    left = base - got.reconciled.values
    kept = got.shrinkage * np.mean(errors**2, axis=1)
    factor = np.sqrt((1.0 - got.shrinkage) / errors.shape[1]) * errors
    inner = np.eye(errors.shape[1]) + factor.T @ (factor / kept[:, None])
    first = left / kept[:, None]
    whole = first - (factor / kept[:, None]) @ np.linalg.solve(inner, factor.T @ first)
    slope = whole[hierarchy.leaves] + hierarchy.members.T @ whole[hierarchy.uppers]
    size = np.abs(whole[hierarchy.leaves]) + hierarchy.members.T @ np.abs(whole[hierarchy.uppers])
    assert np.max(np.abs(slope)) <= 1e-9 * np.max(size)


def test_samples_add_up_and_their_quantiles_are_counted() -> None:
    rng = np.random.default_rng(7)
    crossed = random_groups(rng, 12)
    errors = shared_errors(rng, crossed.node_count, 99)
    base = rng.normal(40.0, 5.0, (crossed.node_count, 3))
    levels = [0.1, 0.5, 0.9]
    for options in ({}, {"variances": np.ones(crossed.node_count)}):
        got = reconcile_quantiles(base, crossed, errors, levels, spread_factors=[1.0, 2.0, 3.0], **options)
        summing = summing_of(crossed)
        np.testing.assert_allclose(got.error_samples, summing @ got.error_samples[crossed.leaves], atol=1e-9)
        ordered = np.sort(got.error_samples, axis=1)
        for level, place in zip(range(3), (9, 49, 89), strict=True):
            for period in range(3):
                expected = got.mean[:, period] + (period + 1.0) * ordered[:, place]
                np.testing.assert_allclose(got.quantiles[level, :, period], expected, atol=1e-9)
    np.testing.assert_allclose(got.mean, reconcile(base, crossed, np.ones(crossed.node_count)).values, atol=1e-9)


def test_what_parts_do_not_share_cancels_in_their_sum() -> None:
    rng = np.random.default_rng(3)
    tree = hierarchy_of_parents([-1, *[0] * 16])
    parts = rng.normal(0.0, 1.0, (16, 2000))
    errors = np.vstack([parts.sum(axis=0), parts])
    base = np.concatenate([[1600.0], np.full(16, 100.0)])[:, None]
    got = reconcile_quantiles(base, tree, errors, [0.1, 0.9], variances=np.ones(17))
    width = got.quantiles[1, :, 0] - got.quantiles[0, :, 0]
    assert width[0] / width[1:].mean() == pytest.approx(4.0, rel=0.08)


def test_bad_input_is_refused_with_the_fix() -> None:
    tree = hierarchy_of_parents([-1, 0, 0])
    base = np.ones((3, 1))
    with pytest.raises(EngineInputError, match="leave out past periods"):
        reconcile_by_errors(base, tree, [[1.0, 2.0], [1.0, np.nan], [1.0, 2.0]])
    with pytest.raises(EngineInputError, match="at least 2"):
        reconcile_by_errors(base, tree, [[1.0], [1.0], [1.0]])
    with pytest.raises(EngineInputError, match="one per node"):
        reconcile_by_errors(base, tree, np.ones((2, 5)))
    with pytest.raises(EngineInputError, match="shrinkage"):
        reconcile_by_errors(base, tree, np.ones((3, 5)), shrinkage=0.0)
    with pytest.raises(EngineInputError, match="no error at all"):
        reconcile_by_errors(base, tree, [[0.0, 0.0], [1.0, 2.0], [1.0, -2.0]])
    dull = reconcile_by_errors(base, tree, np.zeros((3, 4))).reconciled.values
    assert dull[:, 0].tolist() == [2.0, 1.0, 1.0]


@pytest.mark.parametrize("seed", range(12))
def test_non_negative_is_the_quadratic_program(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for hierarchy in structures(rng):
        summing = summing_of(hierarchy)
        base = rng.normal(0.3, 2.0, (hierarchy.node_count, 3))
        errors = shared_errors(rng, hierarchy.node_count, 10) + 0.1 * rng.normal(0, 1, (hierarchy.node_count, 10))
        got = reconcile_by_errors(base, hierarchy, errors, shrinkage=0.3, non_negative=True).reconciled
        sample = errors @ errors.T / errors.shape[1]
        white = np.linalg.cholesky(0.3 * np.diag(np.diag(sample)) + 0.7 * sample)
        for t in range(3):
            leaves, _ = optimize.nnls(np.linalg.solve(white, summing), np.linalg.solve(white, base[:, t]))
            np.testing.assert_allclose(got.values[:, t], summing @ leaves, atol=1e-8)
        assert (got.values >= 0.0).all()
        assert (got.values[got.is_held] == 0.0).all()


def test_leaves_without_any_error_stay_or_go_to_zero() -> None:
    tree = hierarchy_of_parents([-1, 0, 0, 0])
    errors = np.array([[1.0, -2.0, 0.5], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, -1.0]])
    got = reconcile_by_errors([[9.0], [4.0], [-3.0], [2.0]], tree, errors, shrinkage=0.5).reconciled.values
    assert got[1:3, 0].tolist() == [4.0, -3.0]
    above = reconcile_by_errors([[3.0], [4.0], [-3.0], [-2.0]], tree, errors, shrinkage=0.5, non_negative=True)
    assert above.reconciled.values[:, 0].tolist() == [4.0, 4.0, 0.0, 0.0]


def test_crossed_groupings_of_simulated_demand_lose_less_at_every_level() -> None:
    """Account by product by region by channel: each node forecast by itself, then agreed on, against what came."""
    rng = np.random.default_rng(12)
    leaves, past, ahead = 600, 80, 40
    account = np.arange(leaves) // 12
    region, product, channel = account % 6, rng.integers(0, 20, leaves), rng.integers(0, 3, leaves)
    labels = np.column_stack([np.zeros(leaves), account, product, region, channel, region * 20 + product])
    groups = hierarchy_of_groups(labels)
    level = np.repeat(np.arange(7), [*(np.unique(one).size for one in labels.T), leaves])
    expected = add_up(np.broadcast_to(rng.gamma(1.0, 20.0, (leaves, 1)), (leaves, past + ahead)), groups)
    together = np.maximum(1.0 + 0.03 * rng.standard_normal(past + ahead), 0.0)
    came = add_up(rng.poisson(expected[groups.leaves] * together).astype(float), groups)
    said = expected + 2.0 * np.sqrt(expected) * rng.standard_normal(expected.shape)
    errors, base, truth = (came - said)[:, :past], said[:, past:], came[:, past:]
    by_leaves = reconcile(base, groups).values
    by_errors = reconcile_by_errors(base, groups, errors).reconciled.values
    before = np.bincount(level, ((base - truth) ** 2).sum(axis=1))
    for values in (by_leaves, by_errors):
        np.testing.assert_allclose(values, add_up(values[groups.leaves], groups), rtol=1e-12)
        loss = np.bincount(level, ((values - truth) ** 2).sum(axis=1)) / before
        assert loss.max() < 1.0, "no level is worse off"
        assert loss.mean() < 0.8
    # To move what is known least the most is what makes it so: the other way round is worse than nothing.
    wrong = reconcile(base, groups, 1.0 / groups.leaf_counts**2).values
    assert np.mean(np.bincount(level, ((wrong - truth) ** 2).sum(axis=1)) / before) > 1.0
