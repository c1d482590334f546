"""Load a file or folder by a recipe: register the feed, open the source, ingest the batch."""

from datetime import datetime
from pathlib import Path

from closeknit.kernel.actor import Actor
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.actions.ingest_batch import OnProgress, ingest_batch
from closeknit.rooms.sensing.actions.register_feed import register_feed
from closeknit.rooms.sensing.contracts import BatchCard
from closeknit.rooms.sensing.mapping.recipe import find_recipe_text, read_recipe
from closeknit.rooms.sensing.sources import open_path


def load_recipe(
    recipe: str, path: Path, *, by: Actor, at: datetime, on_progress: OnProgress | None = None
) -> BatchCard:
    """Load what a path holds by a recipe, named or given by its own path.

    The same data again accepts nothing new.

    The source is opened before anything is written, so an unreadable file or recipe leaves no trace.
    """
    by.require(Permission.LOAD_DATA)
    text, place = find_recipe_text(recipe)
    read = read_recipe(text, place)
    source = open_path(path, read)
    register_feed(text, place=place, by=by, at=at)
    return ingest_batch(read.name, source, by=by, at=at, on_progress=on_progress)
