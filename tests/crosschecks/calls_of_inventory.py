"""One call of each public function of inventory: the laws of the engine run over them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import inventory as inv

LOT = {"order_cost": np.array([8.0, 90.0]), "holding_cost_per_period": np.array([0.225, 3.0])}
EOQ = {**LOT, "demand_per_period": np.array([1300.0, 80.0])}
GIVEN = {**EOQ, "order_quantity": np.array([250.0, 60.0])}
PRICES = {
    "order_cost": np.array(8.0),
    "holding_rate_per_period": np.array(0.3),
    "demand_per_period": np.array(1300.0),
    "breakpoints": np.array([0.0, 400.0, 800.0]),
    "unit_costs": np.array([0.75, 0.72, 0.68]),
}
NORMAL = inv.NormalDemand.of([50.0, 20.0], [8.0, 5.0])
COSTS = {"holding_cost_per_period": np.array([0.18, 1.0]), "shortage_cost_per_period": np.array([0.7, 9.0])}
REORDER = {"lead_demand": NORMAL, "demand_per_period": np.array([100.0, 40.0]), "order_cost": np.array([8.0, 5.0])}
RISKY = {"demand_mean": np.array([2500.0, 40.0]), "demand_sd": np.array([500.0, 9.0]), "lead_periods": np.array(2.0)}
SPREAD = {"lead_sd_periods": np.array([0.0, 1.0]), "review_periods": np.array([0.0, 1.0])}
CLASSES = {
    "values": np.array([1050.0, 567.0, 534.0]),
    "demand_means": np.array([17.3, 45.1, 39.6]),
    "demand_sds": np.array([5.8, 15.0, 13.2]),
}
CLAIMS = {"supply": np.array([80.0, 20.0]), "claims": np.array([[50.0, 30.0, 20.0], [5.0, 0.0, 8.0]])}
LUMPY = {"lead_demand_mean": np.array([3.0, 400.0]), "lead_demand_sd": np.array([2.5, 31.0])}
SERIAL = {
    "demand": inv.NormalDemand.of(10.0, 2.0),
    "lead_periods": np.array([1.0, 2.0]),
    "penalty_cost": np.array(40.0),
}
NETWORK = inv.GuaranteedServiceNetwork.of(
    supplier=[0, 1], customer=[1, 2], processing_periods=[2, 1, 1], holding_cost=[1.0, 2.0, 3.0], demand_sd=[0, 0, 1.0]
)

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    inv.standard_normal_loss: {"z": np.array([-3.0, 0.0, 20.0])},
    inv.normal_loss: {"level": np.array([40.0, 90.0]), "mean": np.array(50.0), "sd": np.array([8.0, 9.0])},
    inv.lognormal_loss: {
        "level": np.array([-1.0, 300.0]),
        "log_mean": np.array([6.0, 5.0]),
        "log_sd": np.array([0.3, 2.0]),
    },
    inv.exponential_loss: {"level": np.array([-1.0, 4.0]), "mean": np.array([5.0, 6.0])},
    inv.gamma_loss: {"level": np.array([1.0, 40.0]), "shape": np.array([2.0, 3.0]), "scale": np.array([4.0, 1.0])},
    inv.uniform_loss: {"level": np.array([-1.0, 6.0]), "lowest": np.array([0.0, 1.0]), "highest": np.array([8.0, 9.0])},
    inv.poisson_loss: {"level": np.array([-1.0, 18.5]), "mean": np.array([0.0, 15.0])},
    inv.negative_binomial_loss: {
        "level": np.array([3.0, 14.0]),
        "mean": np.array([9.0, 8.0]),
        "sd": np.array([3.0, 5.0]),
    },
    inv.geometric_loss: {"level": np.array([0.0, 4.0]), "success_share": np.array([0.25, 1.0])},
    inv.discrete_loss: {
        "level": np.array([3.0, 5.0]),
        "values": np.array([1.0, 4.0, 8.0]),
        "shares": np.array([0.5, 0.2, 0.3]),
    },
    inv.economic_order_quantity: GIVEN,
    inv.economic_production_quantity: {**GIVEN, "production_per_period": np.array([2000.0, 100.0])},
    inv.eoq_with_backorders: {
        **GIVEN,
        "shortage_cost_per_period": np.array([5.0, 9.0]),
        "backorder_share": np.array([0.1, 0.0]),
    },
    inv.eoq_with_all_units_discounts: PRICES,
    inv.eoq_with_incremental_discounts: PRICES,
    inv.eoq_with_modified_all_units_discounts: PRICES,
    inv.joint_replenishment: {
        "shared_order_cost": np.array(600.0),
        "item_order_costs": np.array([120.0, 840.0, 300.0]),
        "holding_costs_per_period": np.array([160.0, 20.0, 50.0]),
        "demands_per_period": np.array([1.0, 2.0, 1.0]),
    },
    inv.wagner_whitin: {
        "demand": np.array([150.0, 0.0, 80.0]),
        "order_cost": np.array([120.0, 90.0, 100.0]),
        "holding_cost_per_period": np.array([0.8, 0.7, 0.1]),
        "unit_cost": np.array([1.0, 0.0, 2.0]),
        "start_stock": np.array(10.0),
    },
    inv.silver_meal: {
        "demand": np.array([150.0, 0.0, 80.0]),
        "order_cost": np.array(120.0),
        "holding_cost_per_period": np.array(0.8),
        "start_stock": np.array(10.0),
    },
    inv.newsvendor: {"demand": NORMAL, **COSTS, "level": np.array([55.0, 20.0])},
    inv.newsvendor_profit: {
        "demand": NORMAL,
        "revenue_per_unit": np.array([7.0, 8.0]),
        "unit_cost": np.array([2.5, 3.0]),
        "salvage_per_unit": np.array([1.5, -1.0]),
        **COSTS,
        "level": np.array([55.0, 20.0]),
    },
    inv.base_stock: {"demand": NORMAL, **COSTS, "lead_periods": np.array([0.0, 4.0]), "review_periods": np.array(2.0)},
    inv.myopic_base_stock: {
        "demand": NORMAL,
        **COSTS,
        "unit_cost": np.array([0.3, 2.0]),
        "next_unit_cost": np.array([0.35, 2.0]),
        "discount_factor": np.array([0.98, 1.0]),
    },
    inv.myopic_bounds: {
        "demand": NORMAL,
        **COSTS,
        "unit_cost": np.array([0.3, 2.0]),
        "next_unit_cost": np.array([0.35, 2.0]),
        "order_cost": np.array([5.0, 9.0]),
        "next_order_cost": np.array([4.0, 0.0]),
        "discount_factor": np.array([0.98, 1.0]),
    },
    inv.finite_horizon_policy: {
        "demands": [inv.PoissonDemand.of(4.0)] * 2,
        "holding_cost_per_period": np.array([1.0, 2.0]),
        "shortage_cost_per_period": np.array([9.0, 8.0]),
        "unit_cost": np.array([1.0, 0.0]),
        "order_cost": np.array([10.0, 0.0]),
        "discount_factor": np.array([0.9, 1.0]),
        "start_stock": np.array(2.0),
    },
    inv.r_q_cost: {
        "reorder_point": np.array([40.0, 20.0]),
        "order_quantity": np.array([90.0, 30.0]),
        **REORDER,
        **COSTS,
    },
    inv.r_q_optimal: {**REORDER, **COSTS},
    inv.r_q_best_reorder_point: {"order_quantity": np.array([90.0, 30.0]), **REORDER, **COSTS},
    inv.r_q_approximation: {**REORDER, **COSTS, "method": "loss"},
    inv.s_s_optimal: {
        "demand": inv.PoissonDemand.of(4.0),
        "order_cost": np.array(30.0),
        "holding_cost_per_period": np.array(1.0),
        "shortage_cost_per_period": np.array(9.0),
        "lead_periods": np.array(1),
    },
    inv.s_s_cost: {
        "reorder_point": np.array(3),
        "order_up_to": np.array(12),
        "demand": inv.PoissonDemand.of(4.0),
        "order_cost": np.array(30.0),
        "holding_cost_per_period": np.array(1.0),
        "shortage_cost_per_period": np.array(9.0),
    },
    inv.s_s_power_approximation: {
        "demand_mean": np.array([50.0, 20.0]),
        "demand_sd": np.array([8.0, 9.0]),
        "order_cost": np.array([2.5, 9.0]),
        **COSTS,
        "lead_periods": np.array([0.0, 2.0]),
    },
    inv.eoq_with_disruptions: {
        **GIVEN,
        "shortage_cost_per_unit": np.array([5.0, 9.0]),
        "disruptions_per_period": np.array([1.5, 1.0]),
        "recoveries_per_period": np.array([14.0, 10.0]),
    },
    inv.newsvendor_with_disruptions: {
        **COSTS,
        "demand_per_period": np.array([2000.0, 40.0]),
        "disruption_share": np.array([0.04, 0.1]),
        "recovery_share": np.array([0.25, 0.5]),
        "level": np.array([5000.0, 90.0]),
    },
    inv.eoq_with_additive_yield: {
        **GIVEN,
        "yield_mean": np.array([-15.0, 2.0]),
        "yield_sd": np.array([9.0, 1.0]),
    },
    inv.eoq_with_multiplicative_yield: {
        **GIVEN,
        "yield_mean_share": np.array([0.83, 1.0]),
        "yield_sd_share": np.array([0.14, 0.0]),
    },
    inv.newsvendor_with_additive_yield: {
        **COSTS,
        "demand_per_period": np.array([150.0, 60.0]),
        "yield_error": inv.NormalDemand.of([-5.0, 0.0], [9.0, 5.0]),
        "level": np.array([160.0, 60.0]),
    },
    inv.evaluate_reorder_point: {
        "reorder_point": np.array([6000.0, 99.0]),
        **RISKY,
        "order_quantity": np.array([10000.0, 90.0]),
        **SPREAD,
    },
    inv.safety_stock_for_cycle_service: {"target_share": np.array([0.9, 0.3]), **RISKY, **SPREAD},
    inv.safety_stock_for_fill_rate: {
        "target_fill_share": np.array([0.975, 0.9]),
        **RISKY,
        "order_quantity": np.array([10000.0, 90.0]),
        **SPREAD,
    },
    inv.pooled_safety_stock: {
        "demand_sd": np.array([100.0, 50.0]),
        "lead_periods": np.array(2.0),
        "target_share": np.array(0.95),
        "correlation": np.array([[1.0, 0.3], [0.3, 1.0]]),
    },
    inv.optimal_cycle_service: {
        "order_quantity": np.array([400.0, 90.0]),
        "demand_per_period": np.array([5200.0, 90.0]),
        "holding_cost_per_period": np.array([0.6, 9.0]),
        "shortage_cost_per_unit": np.array([2.0, 1.0]),
    },
    inv.fill_rate_stock: {
        **LUMPY,
        "target_fill_share": np.array([0.95, 0.99]),
        "order_quantity": np.array([3.0, 200.0]),
    },
    inv.fill_rate_of: {
        "reorder_point": np.array([40.0, 20.0]),
        "order_quantity": np.array([90.0, 30.0]),
        "lead_demand": NORMAL,
    },
    inv.reorder_point_for_fill_rate: {
        "target_fill_share": np.array([0.95, 0.99]),
        "order_quantity": np.array([90.0, 30.0]),
        "lead_demand": NORMAL,
    },
    inv.littlewood: {
        "value_high": np.array([1050.0, 90.0]),
        "value_low": np.array([567.0, 50.0]),
        "demand_high": NORMAL,
    },
    inv.emsr_a: CLASSES,
    inv.emsr_b: CLASSES,
    inv.optimal_protection: {
        "values": CLASSES["values"],
        "demands": [inv.PoissonDemand.of(5.0), inv.PoissonDemand.of(9.0), inv.PoissonDemand.of(7.0)],
        "capacity": np.array(20.0),
    },
    inv.proportional_shares: CLAIMS,
    inv.max_min_shares: {**CLAIMS, "weights": np.array([1.0, 2.0, 1.0])},
    inv.priority_shares: CLAIMS,
    inv.quota_shares: {**CLAIMS, "quotas": np.array([30.0, 20.0, 20.0])},
    inv.nested_shares: {**CLAIMS, "protection": np.array([10.0, 20.0])},
    inv.serial_base_stock: {**SERIAL, "echelon_holding_cost": np.array([3.0, 1.0])},
    inv.newsvendor_bounds: {**SERIAL, "local_holding_cost": np.array([4.0, 1.0])},
    inv.echelon_from_local: {"local_base_stock": np.array([5.0, 9.0])},
    inv.local_from_echelon: {"echelon_base_stock": np.array([5.0, 9.0])},
    inv.place_safety_stock: {"network": NETWORK},
    inv.cost_service_times: {"network": NETWORK, "outbound_periods": np.array([0, 1, 0])},
}
