"""JSON operations of forecast accuracy."""

from datetime import date

from ninja import Router

from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import (
    AccuracyBy,
    AccuracyRow,
    RunPurpose,
    ScoreLevel,
    ScorePeriod,
    VersionComparison,
    VersionKind,
)

router = Router(tags=["demand"])


@router.get("/forecast-accuracy", response=list[AccuracyRow])
def list_accuracy(
    request: Request,
    operation: str,
    group_by: AccuracyBy = AccuracyBy.HORIZON,
    level: ScoreLevel | None = None,
    period: ScorePeriod = ScorePeriod.WEEK,
    purpose: RunPurpose | None = None,
    account_number: str = "",
    since_on: date | None = None,
    until_on: date | None = None,
):
    """How good an operation's forecasts were, in groups; without a level, totals where every account is in reach."""
    return reads.list_accuracy(
        operation,
        group_by=group_by,
        level=level,
        period=period,
        purpose=purpose,
        account_number=account_number,
        since_on=since_on,
        until_on=until_on,
        by=request.actor,
    )


@router.get("/forecast-accuracy/compare", response=VersionComparison)
def compare_versions(
    request: Request,
    operation: str,
    before: str,
    after: str,
    kind: VersionKind = VersionKind.CODE,
    level: ScoreLevel | None = None,
):
    """Before against after a change of code or recipes, on the same series, weeks and horizons."""
    return reads.compare_versions(operation, before, after, kind=kind, level=level, by=request.actor)


@router.get("/forecast-accuracy/versions", response=dict[str, list[str]])
def list_score_versions(request: Request, operation: str):
    """Which versions of the code ("version") and of the data's recipes ("data") can be compared."""
    return {kind.value: found for kind, found in reads.list_score_versions(operation, by=request.actor).items()}
