"""One call of each public function for sums and for intermittent demand: the laws of the engine run over them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import forecasting

CROSSED = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]])
SUMS = forecasting.hierarchy_of_groups(CROSSED)
BASE = np.random.default_rng(5).gamma(3.0, 5.0, (9, 3))
ERRORS = np.random.default_rng(7).normal(0.0, 2.0, (9, 12))
SELDOM = np.random.default_rng(6).poisson(0.4, (4, 30)).astype(float)

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    forecasting.hierarchy_of_parents: {"parents": np.array([-1, 0, 0, 1, 1])},
    forecasting.hierarchy_of_groups: {"labels": CROSSED},
    forecasting.hierarchy_of_sums: {"summing": np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])},
    forecasting.reconcile: {"base": BASE, "hierarchy": SUMS, "variances": np.arange(1.0, 10.0)},
    forecasting.add_up: {"leaves": BASE[5:], "hierarchy": SUMS},
    forecasting.reconcile_by_errors: {"base": BASE, "hierarchy": SUMS, "residuals": ERRORS},
    forecasting.reconcile_quantiles: {
        "base": BASE,
        "hierarchy": SUMS,
        "residuals": ERRORS,
        "quantile_levels": np.array([0.1, 0.9]),
        "spread_factors": np.array([1.0, 1.1, 1.2]),
    },
    forecasting.shrinkage_intensity: {"residuals": ERRORS},
    forecasting.classify_demand: {"history": SELDOM},
    forecasting.croston: {"history": SELDOM},
    forecasting.sba: {"history": SELDOM, "size_smoothing": None},
    forecasting.sbj: {"history": SELDOM, "interval_smoothing": None},
    forecasting.tsb: {"history": SELDOM},
    forecasting.adida: {"history": SELDOM},
    forecasting.imapa: {"history": SELDOM},
    forecasting.demand_over_periods: {
        "forecast": forecasting.tsb(SELDOM),
        "periods": 3,
        "quantile_levels": np.array([0.5, 0.9]),
    },
}
