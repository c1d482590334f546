"""The tile of the rest of today, beside demand's page of the day under way."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.org.contracts import Permission


@require_GET
def show_need_today(request: Request) -> HttpResponse:
    """Whether the people of today are enough for the rest of it."""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    operation = request.GET.get("operation", "")
    need = reads.find_need_today(operation, by=by, at=clock.now())
    return render(request, "capacity/need_today_tile.html", {"operation": operation, "need": need})
