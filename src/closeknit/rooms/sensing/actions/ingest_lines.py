"""Ingest the lines of a request through a feed that is there already."""

from collections.abc import Iterable
from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.actions.ingest_batch import ingest_batch
from closeknit.rooms.sensing.contracts import BatchCard
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.mapping.rows import columns_of_stream
from closeknit.rooms.sensing.models import Feed
from closeknit.rooms.sensing.sources import of_lines
from closeknit.rooms.sensing.sources.unpacking import unpacked

MOST_LINES = 100_000
MOST_BODY_BYTES = 64 << 20


def ingest_body(feed_name: str, stream: str, body: bytes, *, encoding: str = "", by: Actor, at: datetime) -> BatchCard:
    """Load the lines of a request's body, which may be packed with gzip on its way (`encoding`)."""
    by.require(Permission.LOAD_DATA)
    lines = unpacked(body, encoding.strip().lower(), most_bytes=MOST_BODY_BYTES).split(b"\n")
    return ingest_lines(feed_name, stream, lines, by=by, at=at)


def ingest_lines(feed_name: str, stream: str, lines: Iterable[bytes], *, by: Actor, at: datetime) -> BatchCard:
    """Load rows given as strict JSON objects, one a line, as one stream of a feed. At most 100,000 at once.

    Each object's keys are columns of the source, as the feed's recipe names them; a column left out is empty.
    """
    by.require(Permission.LOAD_DATA)
    feed = Feed.objects.filter(name=feed_name).first()
    if feed is None:
        raise NotFound("There is no such feed.", where=feed_name)
    chosen = read_recipe(feed.recipe_text, f"recipe of {feed.name}").stream_named(stream)
    if chosen.one_per or (chosen.into is None and not chosen.key):
        raise Invalid(
            f"The stream {stream} tells rows apart only within a whole file.",
            where="stream",
            todo="Load it as a file: closeknit load RECIPE PATH.",
        )
    source = of_lines(lines, chosen, columns_of_stream(chosen))
    if source.files[0].rows_estimate > MOST_LINES:
        raise Invalid(f"More than {MOST_LINES:,} lines at once.", where="body", todo="Send them in several requests.")
    return ingest_batch(feed_name, source, by=by, at=at)
