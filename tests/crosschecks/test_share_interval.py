"""Wilson's interval of a share: the books' numbers, the law it solves, and how often it holds."""

import math

import numpy as np
import pytest
from scipy.stats import binom, binomtest, norm

from closeknit.engine.customers import share_interval
from closeknit.engine.errors import EngineInputError


def test_the_numbers_of_the_books() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    found = share_interval([81, 15, 0, 1], [263, 148, 20, 29])
    assert found.low_share.round(4).tolist() == [0.2553, 0.0624, 0.0, 0.0061]
    assert found.high_share.round(4).tolist() == [0.3662, 0.1605, 0.1611, 0.1718]


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_it_is_scipys_and_its_ends_solve_the_law_that_defines_it(level: float) -> None:
    z = norm.ppf((1 + level) / 2)
    for n in (1, 2, 7, 40, 1000):
        for k in {0, 1, n // 3, n - 1, n}:
            found = share_interval(k, n, level=level)
            peer = binomtest(k, n).proportion_ci(level, method="wilson")
            assert (float(found.low_share), float(found.high_share)) == pytest.approx((peer.low, peer.high), abs=1e-12)
            for end in (float(found.low_share), float(found.high_share)):
                if 0.0 < end < 1.0:
                    assert abs(k / n - end) == pytest.approx(z * math.sqrt(end * (1 - end) / n), rel=1e-9)


def test_it_holds_about_as_often_as_it_says_and_the_textbook_one_does_not() -> None:
    n = 30
    counts = np.arange(n + 1)
    found = share_interval(counts, np.full(n + 1, n))
    share = counts / n
    half = norm.ppf(0.975) * np.sqrt(share * (1 - share) / n)
    holds, textbook = [], []
    for true in np.linspace(0.02, 0.98, 49):
        chance = binom.pmf(counts, n, true)
        holds.append(chance[(found.low_share <= true) & (true <= found.high_share)].sum())
        textbook.append(chance[(share - half <= true) & (true <= share + half)].sum())
    assert 0.94 < np.mean(holds) < 0.965
    assert min(holds) > 0.85 > 0.5 > min(textbook)


def test_nothing_settled_has_no_share_and_more_kept_than_settled_is_refused() -> None:
    found = share_interval([0, 1], [0, 1])
    assert np.isnan([found.share[0], found.low_share[0], found.high_share[0]]).all()
    assert found.high_share[1] == 1.0
    for kept, settled in (([2], [1]), ([1, 1], [3]), ([0.5], [1])):
        with pytest.raises(EngineInputError):
            share_interval(kept, settled)
