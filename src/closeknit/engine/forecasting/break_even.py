"""What a change of level asks for: overtime, temps or hiring, by how long it will last."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import FloatArray, frozen, numbers, together


@dataclass(frozen=True, slots=True, eq=False)
class BreakEven:
    """Durations in weeks from which one way is cheaper than the other for good; infinite where it never is.

    `temps_beat_overtime_weeks`, `hiring_beats_overtime_weeks`, `hiring_beats_temps_weeks`. `overtime_until_weeks`:
    below this overtime is the cheapest; `hiring_from_weeks`: from this on hiring is; between the two (if any) temps
    are.
    """

    temps_beat_overtime_weeks: FloatArray
    hiring_beats_overtime_weeks: FloatArray
    hiring_beats_temps_weeks: FloatArray
    overtime_until_weeks: FloatArray
    hiring_from_weeks: FloatArray


def break_even_weeks(
    extra_hours_per_week: ArrayLike,
    overtime_cost_per_hour: ArrayLike,
    temp_cost_per_hour: ArrayLike,
    hire_cost_per_hour: ArrayLike,
    temp_fixed_cost: ArrayLike,
    hire_fixed_cost: ArrayLike,
    temp_lead_weeks: ArrayLike = 0.0,
    hire_lead_weeks: ArrayLike = 0.0,
    hire_notice_weeks: ArrayLike = 0.0,
) -> BreakEven:
    """From which duration on temps beat overtime, and hiring beats both, for so many extra hours a week.

    Parameters (any shapes that broadcast): `extra_hours_per_week` (h > 0); costs per productive hour of overtime (c_o),
    temps (c_t) and people hired (c_h); what it costs once to get and train temps (F_t), and to hire, train and in the
    end part from people (F_h); weeks until they work (L_t, L_h), covered by overtime; weeks paid after the need ends
    (N). Formula: over D weeks overtime costs c_o h D; a way with lead L and once-cost F costs F + h (c_o min(D, L) +
    c max(D - L, 0)), F_h including c_h h N. Hence D = L + F / (h (c_o - c)) against overtime, and for hiring against
    temps the crossing of the two lines, not before both are there. Validity: the duration is known; the extra work
    stays the same; overtime can carry it meanwhile. Source: arithmetic.

    >>> found = break_even_weeks(40.0, 45.0, 35.0, 25.0, 2000.0, 6000.0, temp_lead_weeks=1.0, hire_lead_weeks=6.0)
    >>> float(found.overtime_until_weeks), float(found.hiring_from_weeks)
    (6.0, 21.0)
    """
    names = ("overtime_cost_per_hour", "temp_cost_per_hour", "hire_cost_per_hour", "temp_fixed_cost", "hire_fixed_cost")
    named: list[tuple[str, NDArray[np.float64]]] = [
        ("extra_hours_per_week", numbers("extra_hours_per_week", extra_hours_per_week, above=0.0))
    ]
    given = (overtime_cost_per_hour, temp_cost_per_hour, hire_cost_per_hour, temp_fixed_cost, hire_fixed_cost)
    named += [(name, numbers(name, value, minimum=0.0)) for name, value in zip(names, given, strict=True)]
    weeks = (
        ("temp_lead_weeks", temp_lead_weeks),
        ("hire_lead_weeks", hire_lead_weeks),
        ("hire_notice_weeks", hire_notice_weeks),
    )
    named += [(name, numbers(name, value, minimum=0.0)) for name, value in weeks]
    hours, overtime, temp, hire, temp_fixed, hire_fixed, temp_lead, hire_lead, notice = together(*named)
    # Costs per extra hour a week; from the lead on each way is a line: height + slope x duration.
    temp_height = temp_fixed / hours + (overtime - temp) * temp_lead
    hire_height = hire_fixed / hours + hire * notice + (overtime - hire) * hire_lead
    flat = np.zeros_like(hours)
    temps_over = _from(flat, overtime, temp_height, temp, temp_lead)
    hiring_over = _from(flat, overtime, hire_height, hire, hire_lead)
    hiring_temps = _from(temp_height, temp, hire_height, hire, np.maximum(temp_lead, hire_lead))
    return BreakEven(
        temps_beat_overtime_weeks=frozen(temps_over),
        hiring_beats_overtime_weeks=frozen(hiring_over),
        hiring_beats_temps_weeks=frozen(hiring_temps),
        overtime_until_weeks=frozen(np.minimum(temps_over, hiring_over)),
        hiring_from_weeks=frozen(np.maximum(hiring_over, hiring_temps)),
    )


def _from(
    old_height: FloatArray, old_slope: FloatArray, new_height: FloatArray, new_slope: FloatArray, earliest: FloatArray
) -> FloatArray:
    """The duration, not before `earliest`, from which the new line stays below the old one."""
    gain = old_slope - new_slope
    crossing = np.divide(new_height - old_height, gain, out=np.full_like(gain, np.inf), where=gain > 0.0)
    always = (gain == 0.0) & (new_height < old_height)
    result: FloatArray = np.where(always, earliest, np.maximum(crossing, earliest))
    return result
