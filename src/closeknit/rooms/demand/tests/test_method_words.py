"""Methods' names in words: every method of the standard list has some."""

import pytest

from closeknit.engine.forecasting import standard_methods
from closeknit.rooms.demand.compute.method_words import method_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("smoothing_7", "exponential smoothing, weekly season"),
        ("theta_1", "theta"),
        ("mean_7x32", "mean of 32 weekly seasons"),
        ("mean_1x56", "mean of the last 56"),
        ("mean_8", "mean of the last 8"),
        ("seasonal_mean_7x4", "mean of 4 weekly seasons"),
        ("seasonal_mean_16", "mean of 16 seasons"),
        ("mix of 6", "6 methods by merit"),
        (
            "sparse; sba: error 8.02, next mean_1x224 8.03",
            "sparse; rare demand (SBA): error 8.02, next mean of the last 224 8.03",
        ),
    ],
)
def test_names_are_said_in_words(name, words):
    assert method_words(name) == words


@pytest.mark.parametrize("seasons", [(7,), (48, 336), (52,), (1,)])
def test_no_standard_method_is_left_as_a_name(seasons):
    for method in standard_methods(seasons):
        said = method_words(method.name)
        assert said != method.name
        assert "_" not in said
