"""How often something was written to the ledger lately, without reading the lines."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied
from closeknit.rooms.org.contracts import Permission

# Per kind a stretch of its own index, never longer than `most`: however many lines there are, and of whatever age.
LATEST_OF_EACH_KIND = """
select asked.kind, count(*) filter (where latest.recorded_at >= %(since)s and latest.recorded_at < %(until)s)
  from unnest(%(kinds)s::text[]) as asked (kind)
 cross join lateral (
       select recorded_at from decisions_ledger_entry where kind = asked.kind order by id desc limit %(most)s) latest
 group by asked.kind
"""


def count_latest_entries(
    kinds: Sequence[str], *, since_at: datetime, until_at: datetime, most: int, by: Actor
) -> dict[str, int]:
    """Return, for each kind of line, how many of its latest `most` fall in a time.

    Raises:
        Denied: for who may not read the whole ledger; the lines are counted, whomever they are about.
    """
    by.require(Permission.READ_LEDGER)
    if not by.scope_of(Permission.READ_LEDGER).every_account:
        raise Denied("Counts of the ledger are of every account.", where=f"permission {Permission.READ_LEDGER}")
    given: dict[str, Any] = {"kinds": list(kinds), "since": since_at, "until": until_at, "most": most}
    with connection.cursor() as cursor:
        cursor.execute(LATEST_OF_EACH_KIND, given)
        found = dict(cursor.fetchall())
    return {kind: found.get(kind, 0) for kind in kinds}
