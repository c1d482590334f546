"""The page on which a file is looked at, and loaded."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError, Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.load_file import load_file
from closeknit.rooms.sensing.forms import BatchAskedForm

MEGABYTE = 2**20
MOST_MEGABYTES = 64
MOST_TRIED_MEGABYTES = 2


@require_GET
def show_upload(request: Request, feed: str) -> HttpResponseBase:
    """What would a file bring, and what did the last one bring?"""
    request.actor.require(Permission.LOAD_DATA)
    form = BatchAskedForm(request.GET)
    asked = form.cleaned_data["batch"] if form.is_valid() else None
    batch = next((b for b in reads.list_batches(by=request.actor, feed=feed, limit=50) if b.batch_id == asked), None)
    return _page(request, feed, batch=batch)


@require_POST
def try_upload(request: Request, feed: str) -> HttpResponseBase:
    """Say what a file would become, without storing anything."""
    by: Actor = request.actor
    by.require(Permission.LOAD_DATA)
    text = reads.get_recipe_version(feed, "", by=by).text
    try:
        sent, name = _sent(request, MOST_TRIED_MEGABYTES, "Load it, or look at its first rows.")
        with TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(sent.read())
            preview = reads.preview_file(text, path, by=by, at=clock.now())
    except CloseknitError as problem:
        return _page(request, feed, failure=problem)
    return _page(request, feed, preview=preview, file_name=name)


@require_POST
def load_upload(request: Request, feed: str) -> HttpResponseBase:
    """Load a file, and show how its rows balance."""
    by: Actor = request.actor
    by.require(Permission.LOAD_DATA)
    try:
        sent, name = _sent(request, MOST_MEGABYTES, "Load it on the command line: closeknit load RECIPE PATH.")
        card = load_file(feed, name, sent.read(), by=by, at=clock.now())
    except CloseknitError as problem:
        return _page(request, feed, failure=problem)
    counts = card.counts
    messages.success(
        request,
        f"{counts.read:,} read = {counts.accepted:,} accepted + {counts.quarantined:,} quarantined"
        f" + {counts.duplicate:,} duplicate.",
    )
    return redirect(f"{reverse('feed-upload', kwargs={'feed': feed})}?batch={card.batch_id}")


def _sent(request: Request, most: int, todo: str) -> tuple[UploadedFile, str]:
    sent = request.FILES.get("file")
    if not isinstance(sent, UploadedFile):
        raise Invalid("No file was sent.", where="file", todo="Choose one.")
    if (sent.size or 0) > most * MEGABYTE:
        raise Invalid(f"This file is larger than {most} MiB.", where="file", todo=todo)
    return sent, Path(sent.name or "file").name


def _page(request: Request, feed: str, *, failure: CloseknitError | None = None, **shown: Any) -> HttpResponseBase:
    by: Actor = request.actor
    return render(
        request,
        "sensing/upload.html",
        {
            "feed": reads.get_feed(feed, by=by),
            "streams": reads.list_taken_names(feed, by=by),
            "failure": f"{failure.what} {failure.todo or ''}".strip() if failure else "",
            "most_megabytes": MOST_MEGABYTES,
            **shown,
        },
        status=failure.status if failure else 200,
    )
