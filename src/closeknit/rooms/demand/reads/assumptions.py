"""Assumptions as people read them, and the scenarios that use them."""

from uuid import UUID

from django.db.models import Count, Q, QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.names import account_names
from closeknit.rooms.demand.contracts import (
    AdjustedPlace,
    AdjustmentKind,
    AdjustmentOutcome,
    AssumptionCard,
    AssumptionState,
    RunPurpose,
)
from closeknit.rooms.demand.models import Assumption, ForecastRun
from closeknit.rooms.demand.reads.adjustments import visible_accounts
from closeknit.rooms.demand.reads.merged_series import places_now


def list_assumptions(
    *,
    by: Actor,
    operation: str = "",
    scenario: str = "",
    state: AssumptionState | None = None,
    account_number: str = "",
    limit: int = 500,
) -> list[AssumptionCard]:
    """Return assumptions that the actor may see, newest first."""
    rows = _visible(by)
    if operation:
        rows = rows.filter(operation=operation)
    if scenario:
        rows = rows.filter(scenario=scenario)
    if state is not None:
        rows = rows.filter(state=state.value)
    if account_number:
        rows = rows.filter(account_number__in=account_names(account_number))
    found = list(rows.order_by("-made_at", "id")[:limit])
    place = places_now(by)
    return [_card(row, place(row.place), _used_in(row)) for row in found]


def get_assumption(assumption_id: UUID, *, by: Actor) -> AssumptionCard:
    """Return one assumption, or raise NotFound where there is none that the actor may see."""
    row = _visible(by).filter(pk=assumption_id).first()
    if row is None:
        raise NotFound("There is no such assumption.", where=str(assumption_id))
    return _card(row, places_now(by)(row.place), _used_in(row))


def count_assumptions(*, by: Actor) -> dict[str, int]:
    """Return how many assumptions that the actor may see are in each state."""
    counts = dict(_visible(by).order_by().values_list("state").annotate(n=Count("pk")))
    return {state.value: counts.get(state.value, 0) for state in AssumptionState}


def list_scenarios(operation: str = "", *, by: Actor) -> list[str]:
    """Return the names of scenarios that open assumptions belong to."""
    rows = _visible(by).filter(state=AssumptionState.OPEN.value)
    if operation:
        rows = rows.filter(operation=operation)
    return sorted(set(rows.order_by().values_list("scenario", flat=True)))


def _visible(by: Actor) -> "QuerySet[Assumption]":
    return Assumption.objects.filter(visible_accounts(by=by))


def _used_in(row: Assumption) -> tuple[UUID, ...]:
    applied = [{"adjustment_id": str(row.pk), "outcome": AdjustmentOutcome.APPLIED.value}]
    runs = ForecastRun.objects.filter(
        Q(adjustments__contains=applied), operation=row.operation, purpose=RunPurpose.SCENARIO.value
    )
    return tuple(runs.order_by("-made_at").values_list("pk", flat=True))


def _card(row: Assumption, place: AdjustedPlace, used_in: tuple[UUID, ...]) -> AssumptionCard:
    known = row.units_actual is not None and row.units_assumed
    return AssumptionCard(
        assumption_id=row.pk,
        thread_id=row.thread_id,
        operation=row.operation,
        scenario=row.scenario,
        statement=row.statement,
        place=place,
        kind=AdjustmentKind(row.kind),
        size=row.size,
        from_on=row.from_on,
        to_on=row.to_on,
        is_peak=row.is_peak,
        state=AssumptionState(row.state),
        author_key=row.author_key,
        author=row.author_name,
        made_at=row.made_at,
        used_in=used_in,
        units_forecast=row.units_forecast,
        units_assumed=row.units_assumed,
        units_actual=row.units_actual,
        off_share=(row.units_actual or 0.0) / row.units_assumed - 1.0 if known and row.units_assumed else None,
        tolerance_share=row.tolerance_share,
        ended_by=row.ended_by_name,
        ended_at=row.ended_at,
        verdict=row.verdict,
    )
