"""The page of a recipe: its text with what is wrong in it, what it makes of real rows, and its versions."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError, Conflict, Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.save_recipe import save_recipe
from closeknit.rooms.sensing.contracts import RecipePreview
from closeknit.rooms.sensing.forms import RecipeForm

MOST_BYTES = 2 * 2**20


@require_GET
def show_recipe(request: Request, feed: str) -> HttpResponseBase:
    """How are this feed's rows read, and what would a change make of them?"""
    version = request.GET.get("version", "")
    text = reads.get_recipe_version(feed, version, by=request.actor).text
    return _page(request, feed, text)


@require_POST
def try_recipe(request: Request, feed: str) -> HttpResponseBase:
    """Say what a recipe makes of real rows, without storing anything."""
    form = _sent(request)
    reads.get_feed(feed, by=request.actor)
    return _page(request, feed, form["text"], why=form["why"], seen=form["seen_version"])


@require_POST
def save(request: Request, feed: str) -> HttpResponseBase:
    """Save a recipe as a new version."""
    by: Actor = request.actor
    by.require(Permission.LOAD_DATA)
    form = _sent(request)
    try:
        card = save_recipe(
            feed, form["text"], seen_version=form["seen_version"], why=form["why"], by=by, at=clock.now()
        )
    except (Invalid, Conflict) as failure:
        words = f"{failure.what} {failure.todo or ''}".strip()
        return _page(request, feed, form["text"], words, form["why"], form["seen_version"], failure.status)
    messages.success(request, f"Saved as version {card.recipe_version}. It is read by from the next load on.")
    return redirect("recipe-detail", feed=feed)


def _sent(request: Request) -> dict[str, Any]:
    form = RecipeForm(request.POST)
    if not form.is_valid():
        raise Invalid("A recipe is text.", where="text", todo="Go back and write it.")
    return dict(form.cleaned_data)


def _page(
    request: Request, feed: str, text: str, failure: str = "", why: str = "", seen: str = "", status: int = 200
) -> HttpResponseBase:
    by: Actor = request.actor
    card = reads.get_feed(feed, by=by)
    trouble, preview = "", None
    try:
        preview = _preview(request, text)
    except CloseknitError as problem:
        trouble = f"{problem.what} {problem.todo or ''}".strip()
    lines = text.split("\n")
    wrong = preview.check.line if preview and not preview.check.is_valid else 0
    return render(
        request,
        "sensing/recipe.html",
        {
            "feed": card,
            "text": text,
            "failure": failure,
            "trouble": trouble,
            "preview": preview,
            "wrong_line": lines[wrong - 1] if 0 < wrong <= len(lines) else "",
            "versions": reads.list_recipe_versions(feed, by=by),
            "seen_version": seen or card.recipe_version,
            "why": why,
            "may_save": by.may(Permission.LOAD_DATA),
            "rows": max(min(len(lines) + 2, 40), 12),
        },
        status=status,
    )


def _preview(request: Request, text: str) -> RecipePreview:
    by: Actor = request.actor
    sent = request.FILES.get("sample")
    if sent is None:
        return reads.preview_recipe(text, by=by, at=clock.now())
    if (sent.size or 0) > MOST_BYTES:
        raise Invalid("This sample is larger than 2 MiB.", where="sample", todo="Send its first rows.")
    with TemporaryDirectory() as folder:
        path = Path(folder) / Path(sent.name or "sample").name
        path.write_bytes(sent.read())
        return reads.preview_file(text, path, by=by, at=clock.now())
