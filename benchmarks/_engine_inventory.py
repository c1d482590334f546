"""Inventory in the engine's benchmark: guaranteed-service trees, serial systems, fill rates over a catalogue."""

from typing import Any

import numpy as np

from benchmarks._engine_row import Row, Setting, ask_peer, take

NEVER = 10**6


def guaranteed_service(setting: Setting) -> Row:
    """A random tree of 300 stages, arcs both ways: stockpyl's dynamic program and ours."""
    from closeknit.engine.inventory import GuaranteedServiceNetwork, cost_service_times, place_safety_stock

    stages = 100 if setting.quick else 300
    problem = _tree(stages, seed=5)
    network = GuaranteedServiceNetwork.of(**problem)
    ours = take(lambda: place_safety_stock(network))
    checked = take(lambda: place_safety_stock(GuaranteedServiceNetwork.of(**problem)))
    row = Row(
        f"guaranteed service, tree of {stages}", "stockpyl", "networks", 10_000.0, 1.0 / ours.cpu, 1.0 / ours.wall
    )
    widths = network.longest_replenishment_periods - network.processing_periods + 1.0
    pairs = float(widths @ (network.longest_replenishment_periods + 1.0))
    large = GuaranteedServiceNetwork.of(**_tree(5_000, seed=6))
    most = take(lambda: place_safety_stock(large), times=3)
    row.notes = [
        (
            f"{1e3 * ours.cpu:.2f} ms on a checked network, {1e3 * checked.cpu:.2f} ms with checking and ordering it; "
            f"5,000 stages in {1e3 * most.cpu:.1f} ms."
        ),
        (
            f"Limit: at most {pairs:,.0f} pairs of times, {1e9 * ours.cpu / pairs:.2f} ns each: a load, a multiply-add "
            f"and a minimum, several abreast in vector registers. Its tables ({8e-3 * 2 * widths.sum():.0f} kB) stay "
            "in cache; short loops, calls per stage and the copies of the input hold it, not memory."
        ),
    ]
    theirs = ask_peer(row, "_peer_inventory", "guaranteed", {k: np.asarray(v).tolist() for k, v in problem.items()})
    if theirs is None:
        return row
    row.peer_rate = 1.0 / theirs["cpu"]
    again = cost_service_times(network, theirs["times"]).cost_per_period
    difference = abs(theirs["cost"] - ours.answer.cost_per_period) / ours.answer.cost_per_period
    row.agreement = (
        f"same optimum to {difference:.0e}; their times cost {again / ours.answer.cost_per_period:.9f} of it"
    )
    return row


def _tree(stages: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    name = rng.permutation(stages)
    ends = [(name[k], name[rng.integers(max(0, k - 10), k)])[:: rng.choice([-1, 1])] for k in range(1, stages)]
    supplier, customer = (np.array([end[side] for end in ends]) for side in (0, 1))
    sink = np.bincount(supplier, minlength=stages) == 0
    return {
        "supplier": supplier,
        "customer": customer,
        "processing_periods": rng.integers(1, 10, stages),
        "holding_cost": rng.uniform(0.1, 5.0, stages),
        "demand_sd": np.where(sink, rng.uniform(0.5, 9.0, stages), 0.0),
        "longest_service_periods": np.where(sink, rng.integers(0, 5, stages), NEVER),
        "external_inbound_periods": np.where(rng.random(stages) < 0.2, rng.integers(0, 4, stages), 0),
        "safety_factor": 1.645,
    }


def serial_stock(setting: Setting) -> Row:
    """The three-echelon system of stockpyl's own first page, on the grid that it chooses."""
    from closeknit.engine.inventory import NormalDemand, serial_base_stock

    problem = {"holding": [4.0, 3.0, 1.0], "lead": [1.0, 1.0, 2.0], "penalty": 40.0, "mean": 10.0, "sd": 2.0}
    demand = NormalDemand.of(problem["mean"], problem["sd"])

    def best() -> Any:
        return serial_base_stock(demand, problem["lead"], 40.0, echelon_holding_cost=problem["holding"])

    ours = take(best, times=5 if setting.quick else 15)
    row = Row("serial system, three echelons", "stockpyl", "systems", 10.0, 1.0 / ours.cpu, 1.0 / ours.wall)
    row.notes = [
        f"Error: ours is proven below {ours.answer.cost_error:.0e} of a cost of {ours.answer.cost_per_period:.6f}.",
        (
            f"Limit: {1e6 * ours.cpu:,.0f} us, of which some 40,000 exponentials take about 200; the rest is calls of "
            "array functions, a few hundred, and checks of the input: a compiled loop over many systems would save it."
        ),
    ]
    theirs = ask_peer(row, "_peer_inventory", "serial", problem)
    if theirs is None:
        return row
    row.peer_rate = 1.0 / theirs["cpu"]
    error = theirs["cost"] - ours.answer.cost_per_period
    levels = np.abs(np.array(theirs["levels"]) - ours.answer.echelon_base_stock).max()
    row.agreement = f"stockpyl's cost is off by {error:+.4f}, its levels by up to {levels:.3f}: its grid"
    return row


def fill_rates(setting: Setting) -> Row:
    """A catalogue with lumpy demand: the smallest stock that serves a share at once."""
    from closeknit.engine.inventory.catalogue import fill_rate_stock

    count = 20_000 if setting.quick else 200_000
    rng = np.random.default_rng(8)
    mean = rng.lognormal(2.0, 1.2, count)
    sd = np.sqrt(mean * rng.uniform(1.1, 4.0, count))
    target = rng.choice([0.9, 0.95, 0.98, 0.99], count)
    ours = take(lambda: fill_rate_stock(mean, sd, target), times=3)
    row = Row("fill-rate stock over a catalogue", "scipy loop", "items", 500.0, count / ours.cpu, count / ours.wall)
    bytes_each = 8.0 * 10
    row.notes = [
        (
            f"Limit: {1e9 * ours.cpu / count:,.0f} ns an item; {bytes_each:.0f} bytes an item would pass memory in "
            f"{1e9 * bytes_each / setting.bandwidth:.0f} ns, so arithmetic holds it: one chance by exponential and "
            "logarithm, then a division and some products per unit of stock until the target is met."
        ),
    ]
    some = {
        "mean": mean.tolist(),
        "sd": sd.tolist(),
        "target": target.tolist(),
        "seconds": 1.0 if setting.quick else 5.0,
    }
    theirs = ask_peer(row, "_peer_inventory", "fill_rate", some)
    if theirs is None:
        return row
    points = np.array(theirs["points"])
    row.peer_rate = points.size / theirs["cpu"]
    differ = np.flatnonzero(points != ours.answer.reorder_point[: points.size])
    row.agreement = f"{points.size:,} compared, {differ.size} differ"
    return row


ROWS = (guaranteed_service, serial_stock, fill_rates)
