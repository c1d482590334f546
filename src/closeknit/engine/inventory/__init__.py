"""How much stock keeps a promise, and who gets it when it is short.

- `serial_base_stock`, `newsvendor_bounds`: a chain of stages with random demand, exact, and the bounds on it;
  `echelon_from_local`, `local_from_echelon`; `NormalDemand`, `PoissonDemand`, `DiscreteDemand`,
  `CompoundPoissonDemand`.
"""

from closeknit.engine.inventory.serial import (
    NewsvendorBounds,
    SerialStock,
    echelon_from_local,
    local_from_echelon,
    newsvendor_bounds,
    serial_base_stock,
)
from closeknit.engine.inventory.serial_demand import (
    CompoundPoissonDemand,
    DiscreteDemand,
    NormalDemand,
    PoissonDemand,
)

__all__ = [
    "CompoundPoissonDemand",
    "DiscreteDemand",
    "NewsvendorBounds",
    "NormalDemand",
    "PoissonDemand",
    "SerialStock",
    "echelon_from_local",
    "local_from_echelon",
    "newsvendor_bounds",
    "serial_base_stock",
]
