"""Pages of backtests, and of computing a forecast again."""

from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.replay_forecast import replay_forecast
from closeknit.rooms.demand.actions.request_backtest import request_backtest
from closeknit.rooms.demand.actions.stop_backtest import stop_backtest
from closeknit.rooms.demand.contracts import BacktestCard
from closeknit.rooms.demand.forms import BacktestForm
from closeknit.rooms.org.contracts import Permission

STOP_POLLING = 286


@require_POST
def start_backtest(request: Request) -> HttpResponseBase:
    """Ask how good forecasts would have been."""
    form = BacktestForm(request.POST)
    if not form.is_valid():
        raise Invalid(
            "It is not clear from which past days to forecast.",
            where=", ".join(form.errors),
            todo="Choose an operation, how many days, how many weeks apart, and how many weeks ahead.",
        )
    backtest_id = request_backtest(**form.cleaned_data, by=request.actor, at=clock.now())
    return redirect("backtest-detail", backtest_id=backtest_id)


@require_GET
def show_backtest(request: Request, backtest_id: UUID) -> HttpResponseBase:
    """How good would forecasts have been?"""
    by: Actor = request.actor
    return render(request, "demand/backtest.html", _context(reads.get_backtest(backtest_id, by=by), by))


@require_GET
def show_backtest_tile(request: Request, backtest_id: UUID) -> HttpResponseBase:
    """How far a backtest is, asked again until it rests."""
    by: Actor = request.actor
    card = reads.get_backtest(backtest_id, by=by)
    status = STOP_POLLING if card.is_settled else 200
    return render(request, "demand/backtest_tile.html", _context(card, by), status=status)


@require_POST
def stop(request: Request, backtest_id: UUID) -> HttpResponseBase:
    """Stop a backtest."""
    stop_backtest(backtest_id, by=request.actor, at=clock.now())
    return redirect("backtest-detail", backtest_id=backtest_id)


@require_GET
def show_replay(request: Request, run_id: UUID) -> HttpResponseBase:
    """Does it come out the same again?"""
    by: Actor = request.actor
    context = {"run": reads.get_run(run_id, by=by), "replay": replay_forecast(run_id, by=by)}
    return render(request, "demand/replay.html", context)


def _context(card: BacktestCard, by: Actor) -> dict[str, object]:
    runs = {o.run_id: reads.get_run(o.run_id, by=by) for o in card.origins if o.run_id}
    rows = [{"origin": origin, "run": runs.get(origin.run_id) if origin.run_id else None} for origin in card.origins]
    return {"backtest": card, "rows": rows, "may_plan": by.may(Permission.RUN_PLAN)}
