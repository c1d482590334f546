"""Known answers of inventory in networks: case id -> the function that computes its expected fields."""

from collections.abc import Callable
from typing import Any

from closeknit.engine.inventory.demand import Demand, NormalDemand, PoissonDemand
from closeknit.engine.inventory.serial import serial_base_stock

Answer = dict[str, Any]


def by_stage(value: Any) -> list[float]:
    """A list from the customer upstream; a dictionary is keyed by stage numbers, 1 at the customer."""
    return (
        [float(value[key]) for key in sorted(value, key=int)] if isinstance(value, dict) else [float(x) for x in value]
    )


def serial(given: Answer) -> Answer:
    demand: Demand = NormalDemand.of(given["mean"], given["sd"]) if "sd" in given else PoissonDemand.of(given["mean"])
    echelon = next((given[key] for key in ("echelon_h", "echelon_h_1_to_4") if key in given), None)
    local = given.get("local_h")
    asked = given.get("S")
    found = serial_base_stock(
        demand,
        by_stage(given["lead"]),
        float(given["p"]),
        echelon_holding_cost=None if echelon is None else by_stage(echelon),
        local_holding_cost=None if local is None else by_stage(local),
        echelon_base_stock=None if asked is None else by_stage(asked),
    )
    return {
        "S": found.echelon_base_stock.tolist(),
        "cost": found.cost_per_period,
        "holding": found.holding_cost_per_period,
    }


ANSWERS: dict[str, Callable[[Answer], Answer]] = {
    "ssm_readme": serial,
    "ssm_pr6_1": serial,
    "ssm_shang_song_9": serial,
    "ssm_shang_song_17": serial,
    "ssm_shang_song_25": serial,
}
