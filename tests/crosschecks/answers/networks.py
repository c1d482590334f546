"""Known answers of inventory in networks: case id -> the function that computes its expected fields."""

from collections.abc import Callable
from typing import Any

Answer = dict[str, Any]


ANSWERS: dict[str, Callable[[Answer], Answer]] = {}
