"""Field visits: how far crews drive, and how many technicians a day's visits take."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, refuse_where, together

TOUR_CONSTANT = 0.7124
"""Shortest tour through n points at random in an area A, over sqrt(n A), as n grows (Beardwood, Halton, Hammersley)."""
LOCAL_CONSTANT = 0.57
"""The same for the local part of many tours from one depot, each of some six stops or more (Daganzo)."""

_TIE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class FieldStaffing:
    """Technicians per area and day, whole and exact, and where their day goes (minutes; shares 0..1).

    `visits` counts revisits; `travel_minutes_per_visit` is between visits, `way_minutes_per_technician` from the depot
    and back; `busy_share` of the day that `technicians` work or drive, `travel_share` that they drive.
    """

    technicians: IntArray
    exact_technicians: FloatArray
    visits: FloatArray
    visits_per_technician: FloatArray
    travel_minutes_per_visit: FloatArray
    way_minutes_per_technician: FloatArray
    busy_share: FloatArray
    travel_share: FloatArray


def tour_km(stops: ArrayLike, area_km2: ArrayLike, circuity: ArrayLike = 1.0) -> FloatArray:
    """The length of a good round through stops that lie anywhere in an area: the square root law.

    Parameters (broadcast together): `stops` (n >= 0), `area_km2` (A > 0), `circuity` (road over straight line, >= 1).
    Formula: L = 0.7124 sqrt(n A) x circuity. Validity: stops spread evenly over a compact area, 30 or more; at 100 the
    area's edge adds about 8 %. Source: Beardwood, Halton and Hammersley (1959); constant: Johnson and McGeoch (1996).

    >>> tour_km([50, 200], 100.0).round(2).tolist()
    [50.37, 100.75]
    """
    count, area, road = together(
        ("stops", numbers("stops", stops, minimum=0.0, maximum=1e9)),
        ("area_km2", numbers("area_km2", area_km2, above=0.0, maximum=1e9)),
        ("circuity", numbers("circuity", circuity, minimum=1.0, maximum=10.0)),
    )
    return frozen(TOUR_CONSTANT * np.sqrt(count * area) * road)


def required_technicians(
    visits_per_day: ArrayLike,
    visit_minutes: ArrayLike,
    area_km2: ArrayLike,
    working_minutes: ArrayLike,
    speed_km_per_hour: ArrayLike,
    depot_km: ArrayLike = 0.0,
    circuity: ArrayLike = 1.3,
    window_share: ArrayLike = 0.0,
    windows_per_day: ArrayLike = 1.0,
    revisit_share: ArrayLike = 0.0,
) -> FieldStaffing:
    """The technicians that a day's visits in an area take, with the driving between them.

    Parameters (broadcast together): `visits_per_day` (first visits, >= 0), `visit_minutes` (v > 0, on site),
    `area_km2` (A > 0), `working_minutes` (D > 0, of a technician's day, for visits and driving), `speed_km_per_hour`
    (> 0), `depot_km` (d >= 0, straight, depot to the middle of a round), `circuity` (road over straight line, >= 1),
    `window_share` (w, 0..1, of visits promised within a window), `windows_per_day` (p >= 1, that the day is cut into),
    `revisit_share` (r, 0 <= r < 1, of visits that must be made again).
    Formula: N = visits / (1 - r); local km = 0.57 sqrt(N A (1 + w (p - 1))); technicians = (N v + local minutes) /
    (D - 2 d minutes), rounded up. Windows thin the visits of each part of the day, so rounds cross the area p times.
    Validity: an estimate for planning, within some 10-20 % of routed days with six stops or more per technician; visits
    spread evenly; a routing program plans the day itself. Source: Daganzo (1984), Transportation Science 18; windows:
    Daganzo (1987), Transportation Research B 21; the mix of both kinds of visit is interpolated.

    >>> need = required_technicians(120.0, 45.0, 400.0, 450.0, 40.0, 8.0, 1.3, [0.0, 1.0], 4.0)
    >>> need.technicians.tolist(), need.travel_minutes_per_visit.round(2).tolist()
    ([14, 15], [2.03, 4.06])
    """
    named = {
        "visits_per_day": numbers("visits_per_day", visits_per_day, minimum=0.0, maximum=1e9),
        "visit_minutes": numbers("visit_minutes", visit_minutes, above=0.0, maximum=1e5),
        "area_km2": numbers("area_km2", area_km2, above=0.0, maximum=1e9),
        "working_minutes": numbers("working_minutes", working_minutes, above=0.0, maximum=1440.0),
        "speed_km_per_hour": numbers("speed_km_per_hour", speed_km_per_hour, above=0.0, maximum=1e4),
        "depot_km": numbers("depot_km", depot_km, minimum=0.0, maximum=1e5),
        "circuity": numbers("circuity", circuity, minimum=1.0, maximum=10.0),
        "window_share": numbers("window_share", window_share, minimum=0.0, maximum=1.0),
        "windows_per_day": numbers("windows_per_day", windows_per_day, minimum=1.0, maximum=96.0),
        "revisit_share": numbers("revisit_share", revisit_share, minimum=0.0, below=1.0),
    }
    first, visit, area, day, speed, depot, road, share, windows, again = together(*named.items())
    minutes_per_km = 60.0 * road / speed
    visits = first / (1.0 - again)
    way = 2.0 * depot * minutes_per_km
    refuse_where(way + visit > day, "working_minutes", day, "the day is too short for the way and one visit")
    local = LOCAL_CONSTANT * np.sqrt(visits * area * (1.0 + share * (windows - 1.0))) * minutes_per_km
    exact = (visits * visit + local) / (day - way)
    team = np.ceil(exact * (1.0 - _TIE))
    some = team > 0.0
    crew = np.where(some, team, 1.0)
    driving = local + team * way
    return FieldStaffing(
        technicians=frozen(team.astype(np.int64)),
        exact_technicians=frozen(exact),
        visits=frozen(visits),
        visits_per_technician=frozen(visits / crew),
        travel_minutes_per_visit=frozen(np.divide(local, visits, out=np.zeros_like(local), where=visits > 0.0)),
        way_minutes_per_technician=frozen(way),
        busy_share=frozen((visits * visit + driving) / (crew * day)),
        travel_share=frozen(driving / (crew * day)),
    )
