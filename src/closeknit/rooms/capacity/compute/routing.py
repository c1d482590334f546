"""Which series does a pool serve, and which does nobody?"""

from collections.abc import Sequence
from dataclasses import dataclass

from closeknit.rooms.capacity.compute.inputs import PoolInput
from closeknit.rooms.demand.contracts import ForecastNumbers, Panel


@dataclass(frozen=True, slots=True)
class Route:
    panel: Panel
    totals: tuple[int, ...]


def route_of(pool: PoolInput, numbers: ForecastNumbers) -> Route | None:
    for panel in numbers.panels:
        totals = tuple(
            i
            for i, (service, region) in enumerate(panel.total_keys)
            if _covers(pool.services, service) and _covers(pool.regions, region)
        )
        if totals:
            return Route(panel, totals)
    return None


def _covers(names: Sequence[str], name: str) -> bool:
    return "*" in names or name in names


def unserved(numbers: ForecastNumbers, routed: Sequence[Route | None]) -> tuple[str, ...]:
    taken = {(id(r.panel), total) for r in routed if r for total in r.totals}
    sentences = []
    for panel in numbers.panels:
        for i, (service, region) in enumerate(panel.total_keys):
            units = float(panel.total_weekly_mean[i].mean())
            if (id(panel), i) not in taken and units > 0:
                where = f" in {region}" if region else ""
                sentences.append(f"No pool serves {service}{where}: about {units:,.0f} units a week are not planned.")
    return tuple(sentences)
