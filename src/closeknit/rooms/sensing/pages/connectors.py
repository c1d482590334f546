"""The page of a feed's connectors: what comes by itself."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.errors import CloseknitError, Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions import open_connector
from closeknit.rooms.sensing.actions.pull_rows import pull_rows
from closeknit.rooms.sensing.contracts import ConnectorKind, OpenedHook, PullPlan
from closeknit.rooms.sensing.forms import ConnectorReason, NewHookForm, NewPullForm, NewSubjectForm


@require_GET
def show_connectors(request: Request, feed: str) -> HttpResponseBase:
    """What comes into this feed by itself, and does it?"""
    return _render(request, feed)


@require_POST
def open_one(request: Request, feed: str, kind: str) -> HttpResponseBase:
    """Open a hook, a pull or a subject."""
    by, at = request.actor, clock.now()
    if kind == ConnectorKind.HOOK:
        given = _given(NewHookForm(request.POST))
        opened = open_connector.open_hook(feed, given["stream"], rows_at=given["rows_at"], by=by, at=at)
        return _render(request, feed, opened=opened)
    if kind == ConnectorKind.PULL:
        given = _given(NewPullForm(request.POST))
        open_connector.open_pull(feed, given.pop("stream"), PullPlan(**given), by=by, at=at)
    else:
        given = _given(NewSubjectForm(request.POST))
        open_connector.open_subject(feed, given.pop("stream"), given.pop("subject"), **given, by=by, at=at)
    messages.success(request, "It is open.")
    return redirect("feed-connectors", feed=feed)


@require_POST
def change_secret(request: Request, connector_id: UUID) -> HttpResponseBase:
    """Give a hook a new secret, shown this once."""
    opened = open_connector.change_hook_secret(connector_id, by=request.actor, at=clock.now())
    return _render(request, reads.get_connector(connector_id, by=request.actor).feed, opened=opened)


@require_POST
def pull_now(request: Request, connector_id: UUID) -> HttpResponseBase:
    """Ask a pull's database now."""
    card = reads.get_connector(connector_id, by=request.actor)
    request.actor.require(Permission.LOAD_DATA)
    try:
        batches = pull_rows(connector_id, by=request.actor, at=clock.now())
    except CloseknitError as failure:
        messages.error(request, str(failure))
    else:
        rows = sum(batch.counts.accepted for batch in batches)
        messages.success(request, f"{rows:,} new rows." if batches else "Nothing is new.")
    return redirect("feed-connectors", feed=card.feed)


@require_POST
def close(request: Request, connector_id: UUID) -> HttpResponseBase:
    """Take nothing through it any more."""
    given = _given(ConnectorReason(request.POST))
    card = reads.get_connector(connector_id, by=request.actor)
    open_connector.close_connector(connector_id, reason=given["reason"], by=request.actor, at=clock.now())
    messages.success(request, "It is closed.")
    return redirect("feed-connectors", feed=card.feed)


def _given(form: forms.Form) -> dict[str, Any]:
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise Invalid(str(errors[0]), where=name)
    return dict(form.cleaned_data)


def _render(request: Request, feed: str, opened: OpenedHook | None = None) -> HttpResponseBase:
    by = request.actor
    card = reads.get_feed(feed, by=by)
    return render(
        request,
        "sensing/connectors.html",
        {
            "feed": card,
            "connectors": reads.list_connectors(feed=feed, by=by),
            "streams": reads.list_streams(feed, by=by),
            "opened": opened,
            "may_open": by.may(Permission.LOAD_DATA),
        },
    )
