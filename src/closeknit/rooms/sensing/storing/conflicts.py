"""The ledger's line about a conflict of two feeds."""

from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.sensing.models import Conflict


def conflict_entry(row: Conflict, kind: str, sentence: str) -> Entry:
    """Return the ledger line about a conflict (with its feeds joined)."""
    return Entry(
        thread_id=row.thread_id,
        kind=kind,
        subject=f"conflict:{row.pk}",
        sentence=sentence,
        evidence={
            "conflict_id": row.pk,
            "in": row.kind,
            "target": row.target,
            "field": row.field,
            "feeds": [row.one_feed.name, row.other_feed.name],
            "recipe_versions": [row.one_feed.recipe_version, row.other_feed.recipe_version],
            "say": [row.one_says, row.other_says],
            "rule": row.rule,
            "steward": row.steward_key,
            "due_at": row.due_at,
            "why": row.settled_why,
        },
    )
