"""Adjustments as plain values, to keep with a run, and back. No database."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from closeknit.rooms.demand.contracts import (
    AdjustedPlace,
    AdjustedWeek,
    Adjustment,
    AdjustmentKind,
    AdjustmentOutcome,
    AdjustmentSource,
    AppliedAdjustment,
)

PLACE_PARTS = ("service", "region", "work_class", "tier", "account_number")


def adjustment_form(adjustment: Adjustment) -> dict[str, Any]:
    """Return an adjustment as plain JSON values."""
    return {
        "adjustment_id": adjustment.adjustment_id,
        "source": adjustment.source.value,
        "kind": adjustment.kind.value,
        "size": adjustment.size,
        "probability": adjustment.probability,
        **{part: getattr(adjustment.place, part) for part in PLACE_PARTS},
        "from_on": adjustment.from_on.isoformat(),
        "to_on": adjustment.to_on.isoformat(),
        "author_key": adjustment.author_key,
        "made_at": adjustment.made_at.isoformat(),
        "reason": adjustment.reason,
    }


def adjustment_of(form: Mapping[str, Any]) -> Adjustment:
    """Return the adjustment that a form stands for."""
    return Adjustment(
        adjustment_id=form["adjustment_id"],
        source=AdjustmentSource(form["source"]),
        kind=AdjustmentKind(form["kind"]),
        size=float(form["size"]),
        probability=float(form["probability"]),
        place=AdjustedPlace(**{part: form[part] for part in PLACE_PARTS}),
        from_on=date.fromisoformat(form["from_on"]),
        to_on=date.fromisoformat(form["to_on"]),
        author_key=form["author_key"],
        made_at=datetime.fromisoformat(form["made_at"]),
        reason=form["reason"],
    )


def applied_forms(applied: Sequence[AppliedAdjustment]) -> list[dict[str, Any]]:
    """Return what a run applied as plain JSON values, as `ForecastRun.adjustments` keeps it."""
    return [
        {
            **adjustment_form(one.adjustment),
            "outcome": one.outcome.value,
            "overruled_by": one.overruled_by,
            "weeks": [[week.week_on.isoformat(), week.units_before, week.units_after] for week in one.weeks],
        }
        for one in applied
    ]


def applied_of(forms: Sequence[Mapping[str, Any]]) -> tuple[AppliedAdjustment, ...]:
    """Return what `applied_forms` wrote."""
    return tuple(
        AppliedAdjustment(
            adjustment=adjustment_of(form),
            outcome=AdjustmentOutcome(form["outcome"]),
            overruled_by=form["overruled_by"],
            weeks=tuple(AdjustedWeek(date.fromisoformat(week), was, now) for week, was, now in form["weeks"]),
        )
        for form in forms
    )
