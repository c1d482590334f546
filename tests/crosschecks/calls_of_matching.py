"""One call of each public function of matching, for the laws of the engine."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import matching

LEVELS = np.array([[0, 0], [0, 1], [1, 2], [-1, 2]])
N_LEVELS = np.array([2, 3])
CHANCE = np.array([[0.01, 0.99, 0.0], [0.02, 0.08, 0.9]])

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    matching.match_weights: {"match_share": np.array([0.9, 0.8]), "chance_share": np.array([0.1, 0.02])},
    matching.score_levels: {
        "levels": LEVELS,
        "weight_bits": np.array([[6.0, -3.0, 0.0], [5.0, 1.0, -4.0]]),
        "prior_share": 0.001,
        "extra_bits": np.full((4, 2), 0.5),
    },
    matching.frequency_bits: {"value_share": np.array([0.2, 0.001]), "chance_share": 0.01},
    matching.chance_shares: {"levels": LEVELS, "n_levels": N_LEVELS},
    matching.fit_match_model: {
        "levels": LEVELS,
        "pair_counts": np.array([50.0, 10.0, 700.0, 20.0]),
        "chance": CHANCE,
        "n_levels": N_LEVELS,
        "random_pairs": 1e5,
    },
    matching.cluster_links: {
        "n_items": 5,
        "first": np.array([0, 1, 3]),
        "second": np.array([1, 2, 4]),
        "weight": np.array([9.0, 5.0, 7.0]),
        "apart_first": np.array([0]),
        "apart_second": np.array([2]),
        "colour": np.array([-1, -1, -1, 4, 7]),
    },
    matching.roots_of_merges: {"kept": np.array([0, 0, 1, 3])},
}
