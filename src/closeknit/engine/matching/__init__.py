"""Which records speak of one thing, and why: Fellegi-Sunter weights, their estimation, and clusters of links."""

from closeknit.engine.matching.clusters import Clusters, cluster_links, roots_of_merges
from closeknit.engine.matching.estimation import MatchModel, chance_shares, fit_match_model
from closeknit.engine.matching.weights import (
    FieldWeights,
    PairScores,
    frequency_bits,
    match_weights,
    score_levels,
)

__all__ = [
    "Clusters",
    "FieldWeights",
    "MatchModel",
    "PairScores",
    "chance_shares",
    "cluster_links",
    "fit_match_model",
    "frequency_bits",
    "match_weights",
    "roots_of_merges",
    "score_levels",
]
