"""What computes each published answer, by area: a file's `ANSWERS` maps a case id to a small function.

The function takes the case's inputs and gives back its expected fields; a case with another id but the same model
is computed by the same function.
"""

from collections.abc import Callable
from typing import Any

from tests.crosschecks.answers import allocation, inventory, networks, queue, staffing, tiers

AREAS = (queue, tiers, staffing, inventory, networks, allocation)
ANSWERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    case_id: function for area in AREAS for case_id, function in area.ANSWERS.items()
}
