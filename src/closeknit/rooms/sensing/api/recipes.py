"""JSON operations of recipes: check, try on real rows, save, and the versions there were."""

import json
from typing import Any

from ninja import Field, Router, Schema, Status

from closeknit.kernel import clock
from closeknit.kernel.errors import Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.save_recipe import save_recipe
from closeknit.rooms.sensing.contracts import FeedCard, RecipeCheck, RecipePreview, RecipeVersionCard
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.mapping.rows import columns_of_stream
from closeknit.rooms.sensing.sources import of_lines

router = Router(tags=["sensing"])
LONGEST = 200_000
MOST_ROWS = 100


class RecipeText(Schema):
    """A recipe."""

    text: str = Field(max_length=LONGEST)


class RecipeTrial(RecipeText):
    """A recipe, and rows to try it on as one stream; without rows it is tried on its feed's last load."""

    stream: str = Field("", max_length=80)
    rows: list[dict[str, Any]] | None = Field(None, max_length=MOST_ROWS)


class RecipeChange(RecipeText):
    """A recipe's new text, the version on top of which it was written, and why."""

    seen_version: str = Field(max_length=12)
    why: str = Field(max_length=500)


@router.post("/recipes/check", response=RecipeCheck)
def check(request: Request, wish: RecipeText):
    """Whether a recipe can be read; if not, what is wrong and in which line. Nothing is stored."""
    return reads.check_recipe(wish.text, by=request.actor)


@router.post("/recipes/preview", response=RecipePreview)
def preview(request: Request, wish: RecipeTrial):
    """What a recipe makes of real rows, and what it reads otherwise than the present one. Nothing is stored."""
    by, now = request.actor, clock.now()
    checked = reads.check_recipe(wish.text, by=by)
    if wish.rows is None or not checked.is_valid:
        return reads.preview_recipe(wish.text, by=by, at=now)
    if not wish.stream:
        raise Invalid("Rows need the stream that they are of.", where="stream", todo=", ".join(checked.streams))
    stream = read_recipe(wish.text, "recipe").stream_named(wish.stream)
    lines = [json.dumps(row).encode() for row in wish.rows]
    return reads.preview_recipe(
        wish.text, files=of_lines(lines, stream, columns_of_stream(stream)).files, by=by, at=now
    )


@router.get("/feeds/{name}/recipe", response=RecipeVersionCard)
def get_recipe(request: Request, name: str, version: str = ""):
    """A feed's recipe, in its present or another version."""
    return reads.get_recipe_version(name, version, by=request.actor)


@router.get("/feeds/{name}/recipe/versions", response=list[RecipeVersionCard])
def list_versions(request: Request, name: str):
    """Every version of a feed's recipe, newest first, with how many loads were read by it."""
    return reads.list_recipe_versions(name, by=request.actor)


@router.post("/feeds/{name}/recipe", response={201: FeedCard})
def save(request: Request, name: str, wish: RecipeChange):
    """Save a new version; what was loaded before keeps the version that it was read by."""
    return Status(
        201,
        save_recipe(name, wish.text, seen_version=wish.seen_version, why=wish.why, by=request.actor, at=clock.now()),
    )
