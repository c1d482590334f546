"""How much stock keeps a promise, and who gets it when it is short.

One site (the period is the caller's, the same everywhere in one call)
- `Demand` and its kinds (`NormalDemand`, `PoissonDemand`, `NegativeBinomialDemand`, `GammaDemand`, ...): what is known
  of demand; `normal_loss` and kin: how much lies beyond a level.
- `economic_order_quantity` and kin, `joint_replenishment`, `wagner_whitin`: how much at a time.
- `newsvendor`, `base_stock`, `finite_horizon_policy`: how much to hold; `r_q_optimal`, `s_s_optimal`: when to reorder.
- `safety_stock_for_cycle_service`, `safety_stock_for_fill_rate`, `fill_rate_stock` (a catalogue of lumpy items),
  `pooled_safety_stock`; `eoq_with_disruptions` and kin: supply that fails.

Networks
- `serial_base_stock`, `newsvendor_bounds`: a chain of stages with random demand, exact, and the bounds on it;
  `echelon_from_local`, `local_from_echelon`.
- `assembly_base_stock`: parts that go into one product, exact as a chain is.
- `GuaranteedServiceNetwork`, `place_safety_stock`, `cost_service_times`: which promised times, and so which stock, are
  cheapest in a network that is a tree.

Who gets it
- `littlewood`, `emsr_a`, `emsr_b`, `optimal_protection`: what to keep for those worth more who come later.
- `proportional_shares`, `max_min_shares`, `quota_shares`, `nested_shares`: who gets what of too little.
"""

from closeknit.engine.inventory.assembly import AssemblyStock, assembly_base_stock
from closeknit.engine.inventory.catalogue import (
    FillRateStock,
    fill_rate_of,
    fill_rate_stock,
    reorder_point_for_fill_rate,
)
from closeknit.engine.inventory.compound_poisson import (
    CompoundPoissonDemand,
)
from closeknit.engine.inventory.demand import (
    Demand,
    DiscreteDemand,
    GammaDemand,
    LognormalDemand,
    NegativeBinomialDemand,
    NormalDemand,
    PoissonDemand,
    UniformDemand,
)
from closeknit.engine.inventory.dynamic_lots import (
    OrderPlan,
    silver_meal,
    wagner_whitin,
)
from closeknit.engine.inventory.finite_horizon import (
    HorizonPolicy,
    finite_horizon_policy,
)
from closeknit.engine.inventory.guaranteed import (
    GuaranteedServiceNetwork,
    SafetyStockPlacement,
    cost_service_times,
    place_safety_stock,
)
from closeknit.engine.inventory.joint import (
    JointReplenishment,
    joint_replenishment,
)
from closeknit.engine.inventory.losses import (
    Loss,
    discrete_loss,
    exponential_loss,
    gamma_loss,
    geometric_loss,
    lognormal_loss,
    negative_binomial_loss,
    normal_loss,
    poisson_loss,
    standard_normal_loss,
    uniform_loss,
)
from closeknit.engine.inventory.lot_sizing import (
    BackorderLotSize,
    DiscountLotSize,
    LotSize,
    economic_order_quantity,
    economic_production_quantity,
    eoq_with_all_units_discounts,
    eoq_with_backorders,
    eoq_with_incremental_discounts,
    eoq_with_modified_all_units_discounts,
)
from closeknit.engine.inventory.myopic import MyopicBounds, myopic_bounds
from closeknit.engine.inventory.newsvendor import (
    ProfitLevel,
    StockLevel,
    base_stock,
    myopic_base_stock,
    newsvendor,
    newsvendor_profit,
)
from closeknit.engine.inventory.reorder import (
    ReorderPolicy,
    r_q_approximation,
    r_q_best_reorder_point,
    r_q_cost,
    r_q_optimal,
)
from closeknit.engine.inventory.reservation import (
    NestedPlan,
    ProtectionLevels,
    emsr_a,
    emsr_b,
    littlewood,
    optimal_protection,
)
from closeknit.engine.inventory.risk import (
    eoq_with_additive_yield,
    eoq_with_disruptions,
    eoq_with_multiplicative_yield,
    newsvendor_with_additive_yield,
    newsvendor_with_disruptions,
)
from closeknit.engine.inventory.s_s import (
    OrderUpToPolicy,
    s_s_cost,
    s_s_optimal,
    s_s_power_approximation,
)
from closeknit.engine.inventory.safety_stock import (
    PooledStock,
    SafetyStock,
    evaluate_reorder_point,
    optimal_cycle_service,
    pooled_safety_stock,
    safety_stock_for_cycle_service,
    safety_stock_for_fill_rate,
)
from closeknit.engine.inventory.serial import (
    NewsvendorBounds,
    SerialStock,
    echelon_from_local,
    local_from_echelon,
    newsvendor_bounds,
    serial_base_stock,
)
from closeknit.engine.inventory.shares import (
    Shares,
    max_min_shares,
    nested_shares,
    priority_shares,
    proportional_shares,
    quota_shares,
)

__all__ = [
    "AssemblyStock",
    "BackorderLotSize",
    "CompoundPoissonDemand",
    "Demand",
    "DiscountLotSize",
    "DiscreteDemand",
    "FillRateStock",
    "GammaDemand",
    "GuaranteedServiceNetwork",
    "HorizonPolicy",
    "JointReplenishment",
    "LognormalDemand",
    "Loss",
    "LotSize",
    "MyopicBounds",
    "NegativeBinomialDemand",
    "NestedPlan",
    "NewsvendorBounds",
    "NormalDemand",
    "OrderPlan",
    "OrderUpToPolicy",
    "PoissonDemand",
    "PooledStock",
    "ProfitLevel",
    "ProtectionLevels",
    "ReorderPolicy",
    "SafetyStock",
    "SafetyStockPlacement",
    "SerialStock",
    "Shares",
    "StockLevel",
    "UniformDemand",
    "assembly_base_stock",
    "base_stock",
    "cost_service_times",
    "discrete_loss",
    "echelon_from_local",
    "economic_order_quantity",
    "economic_production_quantity",
    "emsr_a",
    "emsr_b",
    "eoq_with_additive_yield",
    "eoq_with_all_units_discounts",
    "eoq_with_backorders",
    "eoq_with_disruptions",
    "eoq_with_incremental_discounts",
    "eoq_with_modified_all_units_discounts",
    "eoq_with_multiplicative_yield",
    "evaluate_reorder_point",
    "exponential_loss",
    "fill_rate_of",
    "fill_rate_stock",
    "finite_horizon_policy",
    "gamma_loss",
    "geometric_loss",
    "joint_replenishment",
    "littlewood",
    "local_from_echelon",
    "lognormal_loss",
    "max_min_shares",
    "myopic_base_stock",
    "myopic_bounds",
    "negative_binomial_loss",
    "nested_shares",
    "newsvendor",
    "newsvendor_bounds",
    "newsvendor_profit",
    "newsvendor_with_additive_yield",
    "newsvendor_with_disruptions",
    "normal_loss",
    "optimal_cycle_service",
    "optimal_protection",
    "place_safety_stock",
    "poisson_loss",
    "pooled_safety_stock",
    "priority_shares",
    "proportional_shares",
    "quota_shares",
    "r_q_approximation",
    "r_q_best_reorder_point",
    "r_q_cost",
    "r_q_optimal",
    "reorder_point_for_fill_rate",
    "s_s_cost",
    "s_s_optimal",
    "s_s_power_approximation",
    "safety_stock_for_cycle_service",
    "safety_stock_for_fill_rate",
    "serial_base_stock",
    "silver_meal",
    "standard_normal_loss",
    "uniform_loss",
    "wagner_whitin",
]
