"""Overrides of the small company's forecasts, for tests."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tests.cast import enter
from tests.small_company import AT

from closeknit.rooms.demand.actions.override_forecast import override_forecast
from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
from closeknit.rooms.demand.actions.request_forecast import request_forecast
from closeknit.rooms.demand.contracts import AdjustedPlace, AdjustmentKind, OverrideReason, WantedOverride

MONDAY = date(2026, 3, 2)
"""The first day that the small company's data leave open."""
WANTED = WantedOverride(
    operation="warehouse",
    place=AdjustedPlace(service="picking", account_number="ACME"),
    kind=AdjustmentKind.MULTIPLY,
    size=1.4,
    from_on=MONDAY,
    to_on=MONDAY + timedelta(days=14),
    expires_on=MONDAY + timedelta(days=14),
    reason_kind=OverrideReason.PROMOTION,
    reason="Their spring campaign.",
)


def forecast(weeks: int = 3, name: str = "alice", at: Any = AT) -> UUID:
    """Forecast the warehouse, as the job does."""
    by = enter(name)
    thread_id = request_forecast("warehouse", weeks=weeks, by=by)
    return refresh_forecast("warehouse", as_of=None, weeks=weeks, thread_id=thread_id, by=by, at=at)


def override(name: str = "alice", *, replan: bool = False, at: Any = AT, **changes: Any) -> UUID:
    """Override as somebody of the cast."""
    return override_forecast(replace(WANTED, **changes), replan=replan, by=enter(name), at=at)
