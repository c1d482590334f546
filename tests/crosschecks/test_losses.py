"""Loss functions against 50-digit references, and the laws they obey."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine import inventory as inv
from closeknit.engine.errors import EngineInputError

FIELDS = ("beyond_share", "shortfall", "excess", "second_shortfall", "second_excess")


@pytest.fixture(autouse=True)
def many_digits():
    with mp.workdps(60):
        yield


def assert_near(got, reference, allowed, key):
    for field, exact in zip(FIELDS, reference, strict=True):
        if abs(exact) < mp.mpf("1e-285"):
            continue
        error = abs(mp.mpf(float(getattr(got, field))) - exact) / abs(exact)
        assert error < allowed, (key, field, float(error))


def above(z):
    return mp.erfc(mp.mpf(z) / mp.sqrt(2)) / 2


@pytest.mark.parametrize("z", [-37.0, -10.0, -3.0, -0.5, 0.0, 1.9, 2.0, 2.1, 5.0, 12.0, 25.0, 36.0])
def test_normal(z):
    tail, density, at = above(z), mp.npdf(mp.mpf(z)), mp.mpf(z)
    first, second = density - at * tail, ((at**2 + 1) * tail - at * density) / 2
    reference = [tail, first, first + at, second, (at**2 + 1) / 2 - second]
    assert_near(inv.standard_normal_loss(z), reference, 1e-12, z)
    scaled = inv.normal_loss(np.array(3.0 + 4.0 * z), 3.0, 4.0)
    assert float(scaled.shortfall) == pytest.approx(float(4 * first), rel=1e-10)


@pytest.mark.parametrize("shape", [1e-3, 0.1, 0.7, 1.0, 3.5, 40.0, 1e4])
def test_gamma(shape):
    sd = shape**0.5
    far = [shape + k * sd for k in (-4.0, -2.0, 0.0, 1.99, 2.01, 6.0, 20.0)]
    for level in [1e-3, 0.24, 0.26, 0.1 * shape, *far, 5.0 * shape + 50.0]:
        if level <= 0.0:
            continue
        k, z = mp.mpf(shape), mp.mpf(float(level))
        tail = mp.gammainc(k, z, mp.inf, regularized=True)
        edge = mp.exp(k * mp.log(z) - z - mp.loggamma(k))
        first = (k - z) * tail + edge
        second = (((k - z) ** 2 + k) * tail + (k - z + 1) * edge) / 2
        reference = [tail, first, first + z - k, second, (k + (k - z) ** 2) / 2 - second]
        assert_near(inv.gamma_loss(float(level), shape, 1.0), reference, 2e-11, (shape, level))


@pytest.mark.parametrize("log_sd", [0.001, 0.05, 0.3, 1.0, 2.5])
def test_lognormal(log_sd):
    sigma, mu = mp.mpf(log_sd), mp.mpf(2)
    mean, square = mp.exp(mu + sigma**2 / 2), mp.exp(2 * mu + 2 * sigma**2)
    for z in (-9.0, -3.0, -0.5, 0.0, 0.4, 2.0, 7.0):
        level = float(mp.exp(mu + sigma * z))
        x = mp.mpf(level)
        at = (mp.log(x) - mu) / sigma
        first = mean * above(at - sigma) - x * above(at)
        second = (square * above(at - 2 * sigma) - 2 * x * mean * above(at - sigma) + x**2 * above(at)) / 2
        half = (square - 2 * x * mean + x**2) / 2
        # The logarithm of the level over sigma is what limits a tiny sigma.
        allowed = 1e-10 if log_sd > 0.01 else 5e-10
        reference = [above(at), first, first + x - mean, second, half - second]
        assert_near(inv.lognormal_loss(level, 2.0, log_sd), reference, allowed, (log_sd, z))


def whole_reference(mass, level):
    """Sums of positive terms on each side, in many digits."""
    tail, first, second = mp.mpf(0), mp.mpf(0), mp.mpf(0)
    gap = 1
    while True:
        p = mass(level + gap)
        tail, first, second = tail + p, first + gap * p, second + mp.mpf(gap * (gap - 1)) / 2 * p
        if gap > 5 and gap * gap * p < mp.mpf("1e-45") * (second + p) and mass(level + gap + 1) < p:
            break
        gap += 1
    left = [(gap, mass(level - gap)) for gap in range(1, level + 1)]
    excess = mp.fsum(gap * p for gap, p in left)
    second_excess = mp.fsum(mp.mpf(gap * (gap + 1)) / 2 * p for gap, p in left)
    return [tail, first, excess, second, second_excess]


@pytest.mark.parametrize("mean", [0.01, 0.5, 6.0, 80.0])
def test_poisson(mean):
    rate = mp.mpf(mean)

    def mass(count):
        return mp.exp(count * mp.log(rate) - rate - mp.loggamma(count + 1))

    for level in sorted({0, 1, int(mean), int(mean + 1), int(mean + 6 * mean**0.5), int(3 * mean + 40)}):
        assert_near(inv.poisson_loss(level, mean), whole_reference(mass, level), 1e-11, (mean, level))


@pytest.mark.parametrize("mean", [0.2, 9.0, 60.0])
@pytest.mark.parametrize("ratio", [1.01, 2.0, 12.0])
def test_negative_binomial(mean, ratio):
    sd = float(np.sqrt(mean * ratio))
    variance, rate = mp.mpf(sd) ** 2, mp.mpf(mean)
    size, share = rate**2 / (variance - rate), rate / variance

    def mass(count):
        log = mp.loggamma(count + size) - mp.loggamma(count + 1) - mp.loggamma(size)
        return mp.exp(log + size * mp.log(share) + count * mp.log(1 - share))

    for level in sorted({0, 1, int(mean), int(mean + 4 * sd), int(mean + 20 * sd)}):
        reference = whole_reference(mass, level)
        assert_near(inv.negative_binomial_loss(level, mean, sd), reference, 2e-10, (mean, ratio, level))


def test_tails_that_underflow_end_soon():
    far = inv.negative_binomial_loss([9000.0, 5e6, 1e8], [2007.8, 1e6, 10.0], [100.2, 1500.0, 5.0])
    assert (far.shortfall >= 0.0).all()
    assert far.shortfall[2] == 0.0


def test_simple_kinds_by_their_closed_forms():
    level = np.linspace(0.0, 40.0, 17)
    np.testing.assert_allclose(inv.exponential_loss(level, 5.0).shortfall, 5.0 * np.exp(-level / 5.0), rtol=1e-12)
    half = inv.exponential_loss(level, 5.0).second_shortfall
    np.testing.assert_allclose(half, 25.0 * np.exp(-level / 5.0), rtol=1e-11)
    whole = np.arange(0, 30)
    np.testing.assert_allclose(inv.geometric_loss(whole, 0.2).shortfall, 0.8**whole / 0.2, rtol=1e-11)
    inside = np.linspace(2.0, 10.0, 9)
    np.testing.assert_allclose(inv.uniform_loss(inside, 2.0, 10.0).shortfall, (10.0 - inside) ** 2 / 16.0, atol=1e-15)
    np.testing.assert_allclose(
        inv.uniform_loss(inside, 2.0, 10.0).second_excess, (inside - 2.0) ** 3 / 48.0, atol=1e-13
    )
    outside = inv.uniform_loss([-4.0, 20.0], 2.0, 10.0)
    assert outside.shortfall.tolist() == [10.0, 0.0]
    assert outside.excess.tolist() == [0.0, 14.0]


def test_listed_demand_agrees_with_the_same_demand_by_formula():
    masses = inv.PoissonDemand.of(7.0).masses()
    level = np.arange(0, 25)
    listed, exact = inv.discrete_loss(level, np.arange(masses.size), masses), inv.poisson_loss(level, 7.0)
    for field in ("shortfall", "excess", "second_shortfall", "second_excess"):
        np.testing.assert_allclose(getattr(listed, field), getattr(exact, field), atol=1e-10)


@settings(max_examples=25, deadline=None)
@given(mean=st.floats(0.05, 200.0), cv=st.floats(0.1, 2.0), share=st.floats(0.01, 0.999))
def test_laws_of_every_kind(mean, cv, share):
    sd = cv * mean
    kinds = [
        inv.NormalDemand.of(mean, sd),
        inv.GammaDemand.of(mean, sd),
        inv.LognormalDemand.of_moments(mean, sd),
        inv.UniformDemand.of(0.0, 2.0 * mean),
        inv.PoissonDemand.of(mean),
        inv.NegativeBinomialDemand.of(mean, max(sd, 1.001 * mean**0.5)),
    ]
    for demand in kinds:
        level = float(demand.quantile(share))
        at = demand.loss(level)
        assert float(at.within_share) >= share - 1e-9
        if demand.is_whole:
            assert level == 0.0 or float(demand.loss(level - 1.0).within_share) < share + 1e-9
        else:
            assert float(at.within_share) == pytest.approx(share, abs=1e-9)
        scale = float(demand.mean + abs(level) + demand.sd)
        assert float(at.excess - at.shortfall) == pytest.approx(level - float(demand.mean), abs=1e-9 * scale)
        grid = demand.loss(np.linspace(level - sd, level + sd, 9))
        assert (np.diff(grid.shortfall) <= 1e-12 * scale).all()
        assert (np.diff(grid.excess) >= -1e-12 * scale).all()
        slack = 1e-9 * scale
        assert (np.diff(grid.shortfall, 2) >= -slack).all()


def test_demand_over_several_periods_adds_up():
    rng = np.random.default_rng(5)
    listed = inv.DiscreteDemand.of([0, 1, 4], [0.5, 0.3, 0.2]).over(3)
    draws = rng.choice([0, 1, 4], (200_000, 3), p=[0.5, 0.3, 0.2]).sum(axis=1)
    np.testing.assert_allclose(listed.shares, [np.mean(draws == value) for value in listed.values], atol=0.004)
    for demand in (
        inv.NegativeBinomialDemand.of(3.0, 2.5),
        inv.GammaDemand.of(3.0, 2.5),
        inv.NormalDemand.of(3.0, 2.5),
    ):
        assert float(demand.over(4).mean) == pytest.approx(12.0)
        assert float(demand.over(4).sd) == pytest.approx(5.0)
    with pytest.raises(EngineInputError, match="whole interval"):
        inv.LognormalDemand.of(1.0, 0.3).over(2)


def test_what_cannot_be_is_refused():
    with pytest.raises(EngineInputError, match=r"sqrt\(mean\)"):
        inv.negative_binomial_loss(3.0, 9.0, 2.0)
    with pytest.raises(EngineInputError, match="highest"):
        inv.uniform_loss(1.0, 5.0, 5.0)
    with pytest.raises(EngineInputError, match="shares"):
        inv.discrete_loss(1.0, [1.0, 2.0], [0.0, 0.0])
    with pytest.raises(EngineInputError, match="shapes do not fit"):
        inv.normal_loss([1.0, 2.0], [1.0, 2.0, 3.0], 1.0)
