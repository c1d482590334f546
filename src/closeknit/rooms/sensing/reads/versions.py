"""How data were read: the versions of the recipes that an operation's work came through."""

from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.models import BatchOperation
from closeknit.rooms.sensing.reads.access import require_feeds


def recipe_versions(operation: str, *, until_at: datetime, by: Actor) -> str:
    """Return the version of each feed's recipe at an instant, as its newest load before it had it: "orders 3f2a"."""
    require_feeds(by)
    rows = BatchOperation.objects.filter(operation=operation, batch__started_at__lte=until_at)
    newest = dict(rows.order_by("batch_id").values_list("batch__feed__name", "batch__recipe_version"))
    return ", ".join(f"{feed} {version}" for feed, version in sorted(newest.items()))
