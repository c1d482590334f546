"""The lobby's own pages: Today and background work."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock, events, work
from closeknit.kernel.http import Request
from closeknit.web.agenda import list_agenda

View = Callable[..., HttpResponse]
AGENDA_ROWS = 8


def signed_in(view: View) -> View:
    """Send whoever is not signed in to the sign-in page; a tile asks the whole page to go there."""

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("sign-in")})
        return redirect_to_login(request.get_full_path())

    return guarded


@require_GET
def show_today(request: Request) -> HttpResponse:
    """What needs me today?"""
    return render(request, "web/today.html")


@require_GET
def show_agenda_tile(request: Request) -> HttpResponse:
    """What needs me first, of all that there is?"""
    items = list_agenda(by=request.actor, at=clock.now())
    return render(request, "web/agenda_tile.html", {"items": items[:AGENDA_ROWS], "count": len(items)})


@require_GET
def show_work(request: Request) -> HttpResponse:
    """What is running, and what failed?"""
    by = request.actor
    dead_letters, failed_jobs = work.list_dead_letters(by=by), work.list_failed_jobs(by=by)
    return render(
        request,
        "web/work.html",
        {
            "counts": work.count_work(by=by),
            "dead_letters": dead_letters,
            "failed_jobs": failed_jobs,
            "failures": len(dead_letters) + len(failed_jobs),
        },
    )


@require_GET
def show_work_tile(request: Request) -> HttpResponse:
    """Failed work, for Today."""
    by = request.actor
    return render(
        request,
        "web/work_tile.html",
        {
            "counts": work.count_work(by=by),
            "dead_letters": work.list_dead_letters(by=by, limit=6),
            "failed_jobs": work.list_failed_jobs(by=by, limit=6),
        },
    )


@require_POST
def replay_dead_letter(request: Request, delivery_id: int) -> HttpResponse:
    """Deliver a dead letter again, from its first try."""
    events.replay_dead(delivery_id, by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, f"Event {delivery_id} will be delivered again.")
    return redirect("work")
