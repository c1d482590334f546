"""Pages of notices: what I was told, and how I want to be told."""

from datetime import datetime
from uuid import UUID
from zoneinfo import available_timezones

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.choose_notice_preferences import choose_notice_preferences
from closeknit.rooms.decisions.actions.read_notices import read_all_notices, read_notice
from closeknit.rooms.decisions.contracts import DigestRhythm, NoticePreferences, Wanted
from closeknit.rooms.decisions.forms import NoticeFilter, PreferenceForm, ReadUntil
from closeknit.rooms.org.contracts import Permission

PAGE_ROWS = 100


@require_GET
def show_notices(request: Request) -> HttpResponseBase:
    """What was I told?"""
    by: Actor = request.actor
    form = NoticeFilter(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    cards = reads.list_notices(
        by=by, only_unread=bool(chosen.get("unread")), before_at=chosen.get("before"), limit=PAGE_ROWS + 1
    )
    shown = cards[:PAGE_ROWS]
    return render(
        request,
        "decisions/notices.html",
        {
            "cards": shown,
            "unread": reads.count_unread_notices(by=by),
            "only_unread": bool(chosen.get("unread")),
            "until": shown[0].last_at.isoformat() if shown else "",
            "more": shown[-1].last_at.isoformat() if len(cards) > PAGE_ROWS else "",
            "manages": by.may(Permission.MANAGE_SETTINGS),
        },
    )


@require_GET
def show_notices_tile(request: Request) -> HttpResponseBase:
    """The unread notices, for the inbox."""
    cards = reads.list_notices(by=request.actor, only_unread=True, limit=8)
    return render(request, "decisions/notices_tile.html", {"cards": cards})


@require_POST
def read_one(request: Request, notice_id: UUID) -> HttpResponseBase:
    """Mark one notice as read, and go where it leads if asked to."""
    notice = reads.get_notice(notice_id, by=request.actor)
    read_notice(notice_id, by=request.actor, at=clock.now())
    return redirect(notice.link if request.POST.get("then") == "open" and notice.link else "notice-list")


@require_POST
def read_all(request: Request) -> HttpResponseBase:
    """Mark as read what the page showed."""
    form = ReadUntil(request.POST)
    if not form.is_valid():
        raise Invalid("The time was not understood.", where="until", todo="Use the button Mark all read.")
    until: datetime = form.cleaned_data["until"]
    count = read_all_notices(until_at=until, by=request.actor, at=clock.now())
    messages.success(request, f"{count} notice{'' if count == 1 else 's'} marked as read.")
    return redirect("notice-list")


@require_GET
def show_preferences(request: Request) -> HttpResponseBase:
    """How do I want to be told?"""
    return render(
        request,
        "decisions/notice_preferences.html",
        {
            "chosen": reads.get_notice_preferences(by=request.actor),
            "zones": sorted(available_timezones()),
            "hours": range(24),
        },
    )


@require_POST
def save_preferences(request: Request) -> HttpResponseBase:
    """Keep how the person wants to be told."""
    form = PreferenceForm(request.POST)
    if not form.is_valid():
        field = next(iter(form.errors))
        raise Invalid("A preference was not understood.", where=field, todo="Go back and correct it.")
    given = form.cleaned_data
    choose_notice_preferences(
        NoticePreferences(
            mail_address=given["mail_address"],
            mail=Wanted(given["mail"]),
            webhook=Wanted(given["webhook"]),
            digest=DigestRhythm(given["digest"]),
            digest_hour=given["digest_hour"],
            quiet_from=given["quiet_from"],
            quiet_until=given["quiet_until"],
            time_zone=given["time_zone"],
        ),
        by=request.actor,
    )
    messages.success(request, "Your preferences are kept.")
    return redirect("notice-preferences")
