"""Load a file that somebody sent through a feed that is there already."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.actions.ingest_batch import ingest_batch
from closeknit.rooms.sensing.contracts import BatchCard
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.models import Feed
from closeknit.rooms.sensing.sources import open_path

MOST_NAME_CHARACTERS = 200


def load_file(feed_name: str, file_name: str, content: bytes, *, by: Actor, at: datetime) -> BatchCard:
    """Load one file by its feed's recipe, which takes it by its name; the same file again accepts nothing.

    Refuses a name that no stream takes or that is a path, and whatever `open_path` refuses: a file in another
    encoding or of another kind than it says, damaged, or a bomb.
    """
    by.require(Permission.LOAD_DATA)
    feed = Feed.objects.filter(name=feed_name).first()
    if feed is None:
        raise NotFound("There is no such feed.", where=feed_name)
    is_plain = file_name.isprintable() and not set(file_name) & set("/\\:") and file_name.strip(". ") == file_name
    if not is_plain or not 0 < len(file_name) <= MOST_NAME_CHARACTERS:
        raise Invalid("This is not the name of a file.", where="file_name", todo="Give its name without its folder.")
    recipe = read_recipe(feed.recipe_text, f"recipe of {feed.name}")
    with TemporaryDirectory(prefix="closeknit-load-") as folder:
        path = Path(folder) / file_name
        try:
            path.write_bytes(content)
        except (OSError, UnicodeEncodeError):
            raise Invalid(
                "This name cannot be used for a file.", where="file_name", todo="Give a shorter one."
            ) from None
        return ingest_batch(feed_name, open_path(path, recipe), by=by, at=at)
