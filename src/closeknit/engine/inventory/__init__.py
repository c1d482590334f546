"""How much stock keeps a promise, and who gets it when it is short.

- `serial_base_stock`, `newsvendor_bounds`: a chain of stages with random demand, exact, and the bounds on it;
  `echelon_from_local`, `local_from_echelon`; `NormalDemand`, `PoissonDemand`, `DiscreteDemand`,
  `CompoundPoissonDemand`.
- `GuaranteedServiceNetwork`, `place_safety_stock`, `cost_service_times`: which promised times, and so which stock, are
  cheapest in a network that is a tree.
"""

from closeknit.engine.inventory.compound_poisson import CompoundPoissonDemand
from closeknit.engine.inventory.demand import DiscreteDemand, NormalDemand, PoissonDemand
from closeknit.engine.inventory.guaranteed import (
    GuaranteedServiceNetwork,
    SafetyStockPlacement,
    cost_service_times,
    place_safety_stock,
)
from closeknit.engine.inventory.serial import (
    NewsvendorBounds,
    SerialStock,
    echelon_from_local,
    local_from_echelon,
    newsvendor_bounds,
    serial_base_stock,
)

__all__ = [
    "CompoundPoissonDemand",
    "DiscreteDemand",
    "GuaranteedServiceNetwork",
    "NewsvendorBounds",
    "NormalDemand",
    "PoissonDemand",
    "SafetyStockPlacement",
    "SerialStock",
    "cost_service_times",
    "echelon_from_local",
    "local_from_echelon",
    "newsvendor_bounds",
    "place_safety_stock",
    "serial_base_stock",
]
