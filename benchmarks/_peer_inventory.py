"""Inventory problems by stockpyl and by a loop over scipy, in the peers' own environment: a file in, a file out."""

import json
import sys
import time
from pathlib import Path
from typing import Any


def guaranteed(problem: dict[str, Any]) -> dict[str, Any]:
    """stockpyl's dynamic program for guaranteed service on one tree."""
    from stockpyl.demand_source import DemandSource
    from stockpyl.gsm_tree import optimize_committed_service_times
    from stockpyl.supply_chain_network import SupplyChainNetwork
    from stockpyl.supply_chain_node import SupplyChainNode

    tree = SupplyChainNetwork()
    # Else every addition would go through the whole network: minutes, none of them the dynamic program's.
    tree._build_product_attributes = lambda: None
    for stage, sd in enumerate(problem["demand_sd"]):
        node = SupplyChainNode(
            index=stage,
            network=tree,
            processing_time=problem["processing_periods"][stage],
            local_holding_cost=problem["holding_cost"][stage],
            demand_bound_constant=problem["safety_factor"],
            external_inbound_cst=problem["external_inbound_periods"][stage],
        )
        if sd > 0.0:
            node.demand_source = DemandSource(type="N", mean=0, standard_deviation=sd)
            node.external_outbound_cst = problem["longest_service_periods"][stage]
        tree.add_node(node)
    tree.add_edges_from_list(list(zip(problem["supplier"], problem["customer"], strict=True)))
    del tree._build_product_attributes
    tree._build_product_attributes()
    started = time.process_time()
    times, cost = optimize_committed_service_times(tree)
    return {"cost": cost, "times": [times[k] for k in sorted(times)], "cpu": time.process_time() - started}


def serial(problem: dict[str, Any]) -> dict[str, Any]:
    """stockpyl's serial system, on the grid that it chooses."""
    from stockpyl.ssm_serial import optimize_base_stock_levels

    stages = len(problem["lead"])
    by_stage = range(1, stages + 1)
    started = time.process_time()
    levels, cost = optimize_base_stock_levels(
        num_nodes=stages,
        echelon_holding_cost=dict(zip(by_stage, problem["holding"], strict=True)),
        lead_time=dict(zip(by_stage, problem["lead"], strict=True)),
        stockout_cost=problem["penalty"],
        demand_mean=problem["mean"],
        demand_standard_deviation=problem["sd"],
    )
    return {"cost": cost, "levels": [levels[k] for k in by_stage], "cpu": time.process_time() - started}


def fill_rate(problem: dict[str, Any]) -> dict[str, Any]:
    """The smallest stock for a fill rate, item by item, with scipy's negative binomial and a bisection."""
    import numpy as np
    from scipy.stats import nbinom

    answers = []
    started = time.process_time()
    for mean, sd, target in zip(problem["mean"], problem["sd"], problem["target"], strict=True):
        if time.process_time() - started > problem["seconds"]:
            break
        share = mean / (sd * sd)
        law = nbinom(mean * share / (1.0 - share), share)
        top = int(law.ppf(1.0 - 1e-12)) + 1
        # E[(D - r)+] is the sum of P(D > k) from k = r on.
        above = law.sf(np.arange(top + 1))
        short = np.cumsum(above[::-1])[::-1]
        answers.append(int(np.argmax(short <= (1.0 - target) * mean)))
    return {"points": answers, "cpu": time.process_time() - started}


if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[2]).read_text())
    Path(sys.argv[3]).write_text(json.dumps(globals()[sys.argv[1]](asked)))
