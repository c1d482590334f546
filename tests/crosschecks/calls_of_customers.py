"""One call of each public function about customers' purchases and stay, for the engine's laws."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import customers

CROWD = customers.purchase_model("mbg-nbd", [0.8, 6.0, 0.8, 2.5])
X, TX, AGE = customers.draw_histories(CROWD, np.full(600, 40.0), rng=np.random.default_rng(8))
HISTORIES = {"frequency": np.array(X), "recency": np.array(TX), "age": np.array(AGE)}
KNOWN = {name: values[:5] for name, values in HISTORIES.items()}
SPEND = customers.spend_model([6.25, 3.74, 15.44])
OCCASIONS = customers.occasion_model([1.204, 0.75, 0.657, 2.783])
PATTERNS = {
    "frequency": np.array([0, 1, 1, 2, 2, 3]),
    "recency": np.array([0, 1, 2, 2, 3, 3]),
    "occasions": np.array([3, 3, 3, 3, 3, 3]),
}
RETENTION = customers.retention_model(0.668, 3.806)
STAYED = {
    "time": np.array([10.0, 20.0, 30.0, 10.0, 20.0, 50.0]),
    "has_left": np.array([True, False, True, True, False, True]),
}
SPENT = np.random.default_rng(9).gamma(5.0, 4.0, 300)

ANSWERED = {"time": np.array([1.0, 2.0, 2.0, 4.0]), "score": np.array([5.0, 4.0, 3.0, 1.0])}

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    customers.falling_fit: {**ANSWERED, "weight": np.array([1.0, 2.0, 1.0, 1.0])},
    customers.satisfaction_limit: {
        **ANSWERED,
        "wanted_score": 3.0,
        "group": np.array([0, 0, 1, 2]),
        "resamples": 20,
        "rng": np.random.default_rng(2),
    },
    customers.purchase_histories: {
        "customer": np.array([1, 1, 2]),
        "day": np.array([3, 9, 4]),
        "amount": np.array([5.0, 6.0, 7.0]),
        "until_day": 20,
    },
    customers.purchase_model: {"law": "bg-nbd", "parameters": np.array([0.243, 4.414, 0.793, 2.426])},
    customers.fit_purchases: HISTORIES,
    customers.expected_purchases: {"model": CROWD, "periods": np.array([0.0, 3.0])},
    customers.purchase_count_chances: {"model": CROWD, "periods": 5.0, "largest": 4},
    customers.chance_alive: {"model": CROWD, **KNOWN},
    customers.expected_purchases_ahead: {"model": CROWD, **KNOWN, "periods": np.array([1.0, 2.0, 3.0, 4.0, 5.0])},
    customers.draw_histories: {"model": CROWD, "age": np.array([30.0, 20.0]), "rng": np.random.default_rng(3)},
    customers.spend_model: {"parameters": np.array([6.25, 3.74, 15.44])},
    customers.fit_spend: {"purchases": np.arange(300) % 5 + 1, "mean_spend": SPENT},
    customers.expected_spend: {"model": SPEND, "purchases": np.array([0, 2]), "mean_spend": np.array([0.0, 20.0])},
    customers.purchase_value: {
        "purchases": CROWD,
        "spend": SPEND,
        **KNOWN,
        "mean_spend": np.where(KNOWN["frequency"] > 0, 20.0, 0.0),
        "periods": 12.0,
        "quantile_levels": np.array([0.1, 0.9]),
    },
    customers.occasion_model: {"parameters": np.array([1.204, 0.75, 0.657, 2.783])},
    customers.fit_occasions: {**PATTERNS, "customers": np.array([500, 180, 60, 90, 60, 110])},
    customers.expected_occasions: {"model": OCCASIONS, "occasions": np.array([0, 6])},
    customers.chance_alive_at_occasion: {"model": OCCASIONS, **PATTERNS},
    customers.expected_occasions_ahead: {"model": OCCASIONS, **PATTERNS, "ahead": 3},
    customers.discounted_occasions_ahead: {"model": OCCASIONS, **PATTERNS, "discount_per_occasion": 0.1},
    customers.retention_model: {"alpha": 0.668, "beta": 3.806},
    customers.fit_retention: {"lost": np.array([369, 163, 86, 56, 37, 27, 21]), "still_there": 241},
    customers.fit_retention_by_age: {
        "renewals": np.array([1, 2, 3, 2, 3]),
        "customers": np.array([40, 15, 6, 50, 89]),
        "has_left": np.array([True, True, True, False, False]),
    },
    customers.retention_survival: {"model": RETENTION, "renewals": np.array([0, 1, 12])},
    customers.retention_rate: {"model": RETENTION, "renewal": np.array([1, 12])},
    customers.expected_payments_ahead: {"model": RETENTION, "renewals": np.array([0.0, 4.0]), "periods": 5},
    customers.discounted_residual_lifetime: {
        "model": RETENTION,
        "renewals": np.array([0.0, 4.0]),
        "discount_per_period": 0.1,
    },
    customers.stay_value: {
        "margin_per_period": np.array([100.0, 50.0]),
        "margin_sd": np.array([10.0, 0.0]),
        "stay_share": np.array([[1.0, 0.9], [0.95, 0.5]]),
        "quantile_levels": np.array([0.1, 0.9]),
    },
    customers.kaplan_meier: STAYED,
    customers.share_interval: {"kept": np.array([3, 0, 7]), "settled": np.array([4, 5, 7]), "level": 0.9},
    customers.log_rank: {**STAYED, "group": np.array([0, 0, 0, 1, 1, 1])},
}
