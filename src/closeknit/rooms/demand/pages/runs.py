"""Pages and tiles of forecast runs: forecasts, how good they were, and one account's weeks."""

from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import ForecastCard, FrozenChange, RunPurpose, WeekPoint
from closeknit.rooms.demand.forms import RunChoice, SeriesFilter, ThreadChoice
from closeknit.rooms.org.contracts import Permission

SERIES_SHOWN = 200
SERIES_EXPORTED = 100_000
RUNS_SHOWN = 50


@require_GET
def list_runs(request: Request) -> HttpResponseBase:
    """What will they need?"""
    by: Actor = request.actor
    runs = reads.list_runs(by=by, limit=RUNS_SHOWN)
    return render(
        request,
        "demand/runs.html",
        {
            "runs": runs,
            "current": _newest(runs),
            "may_plan": by.may(Permission.RUN_PLAN),
            "whole": reads.sees_whole(by=by),
        },
    )


@require_GET
def show_run(request: Request, run_id: UUID) -> HttpResponseBase:
    """What does this forecast say, and how far can it be trusted?"""
    by: Actor = request.actor
    run = reads.get_run(run_id, by=by)
    if request.GET.get("format") == "csv":
        return _export(run, by)
    form = SeriesFilter(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    series = reads.list_series(run_id, by=by, limit=SERIES_SHOWN)
    points = reads.weekly_points(run_id, by=by, **chosen) if reads.sees_whole(by=by) else []
    return render(
        request,
        "demand/run.html",
        {
            "run": run,
            "points": points,
            "chosen": chosen,
            "series": series,
            "frozen": _frozen(run, by),
            "events": reads.list_event_effects(run_id, by=by) if reads.sees_whole(by=by) else [],
            "may_plan": by.may(Permission.RUN_PLAN),
            "may_replay": by.may(Permission.READ_LEDGER),
            "services": sorted({card.key.service for card in series}),
            "regions": sorted({card.key.region for card in series if card.key.region}),
        },
    )


@require_GET
def show_fan_tile(request: Request) -> HttpResponseBase:
    """One operation's weeks, observed and forecast."""
    by: Actor = request.actor
    form = RunChoice(request.GET)
    if not form.is_valid():
        raise Invalid("The tile does not say which forecast.", where="run", todo="Open it from the page Demand.")
    run = reads.get_run(form.cleaned_data["run"], by=by)
    points = reads.weekly_points(run.run_id, by=by) if reads.sees_whole(by=by) else []
    return render(request, "demand/fan_tile.html", {"run": run, "points": points})


@require_GET
def show_account_tile(request: Request) -> HttpResponseBase:
    """One account's weeks in each operation it has work in."""
    by: Actor = request.actor
    account = request.GET.get("account", "")
    runs = _newest(reads.list_runs(by=by, limit=RUNS_SHOWN)) if account else []
    found = [(run, reads.weekly_points(run.run_id, by=by, account_number=account)) for run in runs]
    shown = [{"run": run, "points": points} for run, points in found if _has_work(points)]
    return render(request, "demand/account_tile.html", {"shown": shown, "account": account})


@require_GET
def show_thread_tile(request: Request) -> HttpResponseBase:
    """The forecast that a thread made, if any."""
    by: Actor = request.actor
    form = ThreadChoice(request.GET)
    thread = form.cleaned_data["thread"] if form.is_valid() else None
    run = next((run for run in reads.list_runs(by=by, limit=RUNS_SHOWN) if run.thread_id == thread), None)
    return render(request, "demand/thread_tile.html", {"run": run})


def _frozen(run: ForecastCard, by: Actor) -> list[FrozenChange]:
    if run.purpose is not RunPurpose.PLAN or not reads.sees_whole(by=by):
        return []
    return reads.list_frozen_changes(run.run_id, at=clock.now(), by=by)


def _newest(runs: list[ForecastCard]) -> list[ForecastCard]:
    """Return each operation's newest run; `runs` come newest first."""
    newest: dict[str, ForecastCard] = {}
    for run in runs:
        newest.setdefault(run.operation, run)
    return [newest[operation] for operation in sorted(newest)]


def _has_work(points: list[WeekPoint]) -> bool:
    return any((point.observed or 0) > 0 or (point.mean or 0) > 0.005 for point in points)


def _export(run: ForecastCard, by: Actor) -> HttpResponseBase:
    header = (
        "service",
        "region",
        "work_class",
        "tier",
        "account_number",
        "grain",
        "units_per_week",
        "low_per_week",
        "high_per_week",
        "method",
        "wape_share",
    )
    rows = (
        (
            c.key.service,
            c.key.region,
            c.key.work_class,
            c.key.tier,
            c.key.account_number,
            c.grain,
            c.units_per_week,
            c.low_per_week,
            c.high_per_week,
            c.method,
            c.wape_share,
        )
        for c in reads.list_series(run.run_id, by=by, limit=SERIES_EXPORTED)
    )
    return csv_response(f"forecast-{run.operation}-{run.first_on}", header, rows)
