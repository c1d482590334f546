"""Pages of scenarios: what if, side by side."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.save_scenario import save_scenario
from closeknit.rooms.capacity.contracts import ScenarioCard, ScenarioOutcome, StressPreset
from closeknit.rooms.capacity.forms import ScenarioForm
from closeknit.rooms.org.contracts import Permission


@require_GET
def list_scenarios(request: Request) -> HttpResponseBase:
    """What if demand, hours or promises were others?"""
    by: Actor = request.actor
    return _list(request, by, ScenarioForm(initial={"operation": request.GET.get("operation", "")}))


@require_POST
def save(request: Request) -> HttpResponseBase:
    """Compute a scenario and keep what it came to."""
    by: Actor = request.actor
    by.require(Permission.RUN_PLAN)
    form = ScenarioForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data
        preset = StressPreset(told["preset"]) if told["preset"] else None
        try:
            scenario_id = save_scenario(
                told["name"], form.changes(), preset=preset, operation=told["operation"], by=by, at=clock.now()
            )
        except (Invalid, NotFound, Conflict) as reason:
            form.add_error(None, f"{reason.what} {reason.todo}".strip())
        else:
            messages.success(request, "Computed. Nothing that is planned was changed.")
            return redirect(f"/plans/scenarios/compare/?scenario={scenario_id}")
    return _list(request, by, form, status=422)


@require_GET
def compare(request: Request) -> HttpResponseBase:
    """Which of these would serve best, at what cost, and who would be short?"""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    try:
        wanted = [UUID(text) for text in request.GET.getlist("scenario")]
    except ValueError:
        wanted = []
    found = reads.compare_scenarios(wanted, by=by)
    columns: list[tuple[str, tuple[str, ...], ScenarioOutcome, ScenarioCard | None]]
    columns = [("As planned", (), found.as_planned, None)]
    columns += [(card.name, card.change_sentences, card.outcome, card) for card in found.scenarios]
    return render(request, "capacity/scenario_comparison.html", {"found": found, "columns": columns})


def _list(request: Request, by: Actor, form: ScenarioForm, status: int = 200) -> HttpResponseBase:
    context: dict[str, Any] = {
        "form": form,
        "scenarios": reads.list_scenarios(by=by, limit=100),
        "operations": reads.list_operations_planned(by=by),
        "presets": list(StressPreset),
        "may_plan": by.may(Permission.RUN_PLAN),
        "sees_whole": by.scope_of(Permission.READ_CAPACITY).every_account,
    }
    return render(request, "capacity/scenarios.html", context, status=status)
