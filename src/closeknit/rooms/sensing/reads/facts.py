"""Facts in force, as source systems state them."""

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.contracts import FactCard, FactKind
from closeknit.rooms.sensing.models import FactRow
from closeknit.rooms.sensing.reads.access import require_feeds
from closeknit.rooms.sensing.reads.feeds import file_name


def list_facts(
    kind: FactKind,
    *,
    by: Actor,
    batch_id: int | None = None,
    changed_since_id: int | None = None,
    feed: str = "",
    include_superseded: bool = False,
) -> list[FactCard]:
    """Return facts of a kind in force, oldest statement first.

    `batch_id`: only what that batch stated or changed. `changed_since_id`: only versions newer than that fact
    id. `include_superseded`: older versions too.
    """
    require_feeds(by)
    rows = FactRow.objects.filter(kind=kind.value).select_related("feed", "batch").order_by("id")
    if not include_superseded:
        rows = rows.filter(superseded_at=None)
    if batch_id is not None:
        rows = rows.filter(batch_id=batch_id)
    if changed_since_id is not None:
        rows = rows.filter(pk__gt=changed_since_id)
    if feed:
        rows = rows.filter(feed__name=feed)
    return [_card(row) for row in rows.iterator(chunk_size=5000)]


def _card(row: FactRow) -> FactCard:
    return FactCard(
        fact_id=row.pk,
        feed=row.feed.name,
        batch_id=row.batch_id,
        kind=FactKind(row.kind),
        key=row.key,
        body=row.body,
        is_assumed=row.is_assumed,
        source_name=file_name(row.batch, row.file_number),
        line=row.line,
        stated_at=row.stated_at,
    )
