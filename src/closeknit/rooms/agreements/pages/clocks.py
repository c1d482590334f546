"""Pages of clocks."""

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.errors import Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.record_work_event import WantedWorkEvent, record_work_event
from closeknit.rooms.agreements.contracts import ClockState, WorkEventKind
from closeknit.rooms.agreements.forms import ClockFilter, NewWorkEvent
from closeknit.rooms.org.contracts import Permission

PAGE_ROWS = 200
MOST_COUNTED = 10_000
TILE_ROWS = 5


@require_GET
def list_clocks(request: Request) -> HttpResponseBase:
    """Which promise runs out next?"""
    form = ClockFilter(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    found = reads.list_clocks(
        by=request.actor,
        at=clock.now(),
        operation=chosen.get("operation") or "",
        account_number=chosen.get("account") or "",
        limit=MOST_COUNTED,
    )
    shown = [card for card in found if card.state == (chosen.get("state") or card.state)]
    counts = [(state, sum(card.state is state for card in found)) for state in ClockState]
    return render(
        request,
        "agreements/clocks.html",
        {
            "form": form,
            "clocks": shown[:PAGE_ROWS],
            "all": len(shown),
            "counts": [(state, count) for state, count in counts if count],
            "filtered": any(chosen.values()),
        },
    )


@require_GET
def show_today_tile(request: Request) -> HttpResponseBase:
    """Which accounts are losing what they were promised, the dearest first?"""
    now = clock.now()
    threatened = reads.list_threatened_accounts(by=request.actor, at=now, limit=TILE_ROWS)
    upcoming = reads.list_clocks(by=request.actor, at=now, limit=1) if not threatened else []
    return render(request, "agreements/today_tile.html", {"threatened": threatened, "next": next(iter(upcoming), None)})


@require_GET
def show_work(request: Request) -> HttpResponseBase:
    """What was promised of this work, how long is left, and what happened to it?"""
    operation, key = request.GET.get("operation", "")[:80], request.GET.get("key", "")[:400]
    work = reads.get_work_clocks(operation, key, by=request.actor, at=clock.now())
    return render(
        request,
        "agreements/work_clocks.html",
        {
            "work": work,
            "kinds": list(WorkEventKind),
            "may_record": request.actor.may(Permission.RECORD_INSIGHT),
        },
    )


@require_POST
def record(request: Request) -> HttpResponseBase:
    """Record what happened to a piece of work, now."""
    form = NewWorkEvent(request.POST)
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise Invalid(str(errors[0]), where=name)
    now, said = clock.now(), form.cleaned_data
    wanted = WantedWorkEvent(**{**said, "kind": WorkEventKind(said["kind"]), "happened_at": now})
    record_work_event(wanted, by=request.actor, at=now)
    messages.success(request, "It is recorded, and its clocks follow it.")
    query = urlencode({"operation": said["operation"], "key": said["work_key"]})
    return redirect(f"{reverse('work-clocks')}?{query}")
