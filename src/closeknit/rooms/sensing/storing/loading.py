"""One loader at a time for a feed."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from closeknit.kernel.errors import Conflict
from closeknit.rooms.sensing.models import Feed


@contextmanager
def only_one_loader(feed: Feed) -> Iterator[None]:
    """Keep others from loading a feed meanwhile, or refuse where somebody does."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtext('closeknit-load'), %s)", [feed.pk])
        if not cursor.fetchone()[0]:
            raise Conflict(
                f"The feed {feed.name} is being loaded by someone else.",
                where=feed.name,
                todo="Wait until that load is done, then load again.",
            )
        try:
            yield
        finally:
            cursor.execute("select pg_advisory_unlock(hashtext('closeknit-load'), %s)", [feed.pk])
