"""Known answers of stock at one site, supply risk and reservation: case id -> what computes its fields."""

from collections.abc import Callable
from typing import Any

Answer = dict[str, Any]


ANSWERS: dict[str, Callable[[Answer], Answer]] = {}
