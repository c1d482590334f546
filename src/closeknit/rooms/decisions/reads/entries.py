"""The ledger's lines and threads, as people read them."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, Max, Min, OuterRef, QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.kernel.keyset import Order, page_after
from closeknit.kernel.listing import BACKWARDS, refuse_sort
from closeknit.kernel.names import account_names
from closeknit.rooms.decisions.compute.envelope import Box, read_envelope
from closeknit.rooms.decisions.contracts import LedgerLine, Legible, ThreadCard
from closeknit.rooms.decisions.models import LedgerEntry, SubjectKey
from closeknit.rooms.decisions.reads.opening import Keyring, open_lines
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import visible_account_numbers

# The newest line of each acting person, found by going from one to the next in the index.
NEWEST_OF_EACH_ACTOR = """
    with recursive newest as (
        (select actor_key, name_key_id, content from decisions_ledger_entry order by actor_key, id desc limit 1)
        union all
        select e.* from newest n cross join lateral (
            select actor_key, name_key_id, content from decisions_ledger_entry
             where actor_key > n.actor_key order by actor_key, id desc limit 1) e
    ) select actor_key, name_key_id, content from newest
"""

LEDGER_ORDERS: dict[str, Order] = {"line": Order("id"), "kind": Order("kind", ties_turned=True)}
"""What ledger lines can be sorted by, each by an index. Of one kind the newest come first, backwards the oldest.

Names and accounts are not among them: what stands of them in the ledger is encrypted, or a key.
"""
THREAD_ORDERS = ("moved", "began")
"""What threads can be sorted by: when they last moved, and when they began."""


def list_entries(
    *,
    by: Actor,
    account_number: str = "",
    kind: str = "",
    actor: str = "",
    since_at: datetime | None = None,
    until_at: datetime | None = None,
    thread_id: UUID | None = None,
    before_id: int | None = None,
    sort: str = "-line",
    after: str = "",
    limit: int = 100,
) -> list[LedgerLine]:
    """Return ledger lines that the actor may see, newest first or in an order (`LEDGER_ORDERS`, with "-" backwards).

    `after` is the line behind which to go on; `before_id` keeps lines that are older. A thread's come oldest first.
    `kind` ends in "." or "*" to mean all that begin so. `actor` is a stable key, or a part of a name.
    """
    refuse_sort(sort, list(LEDGER_ORDERS))
    rows = visible_entries(by)
    if account_number:
        rows = rows.filter(text_key_id__in=_keys_of(account_number))
    if kind:
        rows = _of_kind(rows, kind)
    if actor:
        rows = rows.filter(actor_key__in=_find_actors(actor))
    if since_at is not None:
        rows = rows.filter(recorded_at__gte=since_at)
    if until_at is not None:
        rows = rows.filter(recorded_at__lt=until_at)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    if thread_id:
        return open_lines(rows.filter(thread_id=thread_id).order_by("id")[:limit])
    order, descending = LEDGER_ORDERS[sort.removeprefix(BACKWARDS)], sort.startswith(BACKWARDS)
    seen = visible_entries(by)
    return open_lines(page_after(rows, order, key="id", after=after, of=seen, limit=limit, descending=descending))


def get_thread(thread_id: UUID, *, by: Actor) -> list[LedgerLine]:
    """Return a thread's ledger lines, oldest first.

    Raises:
        NotFound: when there is none, or none that the actor may see.
    """
    lines = list_entries(by=by, thread_id=thread_id, limit=1000)
    if not lines:
        raise NotFound("There is no such thread.", where=str(thread_id))
    return lines


def list_threads(
    *, by: Actor, account_number: str = "", sort: str = "-moved", after: str = "", limit: int = 50
) -> list[ThreadCard]:
    """Return threads, those that moved last first or in another order (`THREAD_ORDERS`), after a thread for paging.

    Of a thread, the lines count that the actor may see; with an account, those about it.
    """
    refuse_sort(sort, THREAD_ORDERS)
    lines = visible_entries(by)
    if account_number:
        lines = lines.filter(text_key_id__in=_keys_of(account_number))
    name, descending = sort.removeprefix(BACKWARDS), sort.startswith(BACKWARDS)
    # A thread stands where its last line does, or its first: those are found by going through the lines in order.
    beyond = "gt" if name == "moved" else "lt"
    ends = lines.exclude(Exists(lines.filter(thread_id=OuterRef("thread_id"), **{f"id__{beyond}": OuterRef("pk")})))
    if after:
        place = _end_of(lines, after, newest=name == "moved")
        ends = ends.filter(**{f"id__{'lt' if descending else 'gt'}": place})
    order = "-id" if descending else "id"
    threads = list(ends.order_by(order).values_list("thread_id", flat=True)[:limit])
    return _thread_cards(threads, lines)


def _end_of(lines: QuerySet[LedgerEntry], thread: str, *, newest: bool) -> int:
    try:
        of_thread = lines.filter(thread_id=UUID(thread))
    except ValueError:
        raise Invalid("The list cannot go on from that.", where="after", todo="Give a thread.") from None
    end = of_thread.order_by("-id" if newest else "id").values_list("id", flat=True).first()
    if end is None:
        raise Invalid("The list cannot go on from a thread that is not there.", where="after", todo="Start over.")
    return end


def _thread_cards(threads: list[UUID], lines: QuerySet[LedgerEntry]) -> list[ThreadCard]:
    ends = lines.filter(thread_id__in=threads).values("thread_id")
    ends = ends.annotate(first=Min("id"), last=Max("id"), entries=Count("id"))
    of_thread = {end["thread_id"]: end for end in ends}
    shown = {end[which] for end in of_thread.values() for which in ("first", "last")}
    opened = {line.entry_id: line for line in open_lines(LedgerEntry.objects.filter(pk__in=shown))}
    return [
        ThreadCard(
            thread_id=thread_id,
            first_sentence=opened[end["first"]].sentence,
            last_sentence=opened[end["last"]].sentence,
            started_at=opened[end["first"]].recorded_at,
            moved_at=opened[end["last"]].recorded_at,
            entries=end["entries"],
        )
        for thread_id in threads
        for end in [of_thread[thread_id]]
    ]


def count_entries_of_accounts(
    *, since_at: datetime, until_at: datetime, by: Actor, account_numbers: Sequence[str] | None = None
) -> dict[str, int]:
    """Return how many ledger lines within a time are about each account: of those named, or of all (None)."""
    rows = visible_entries(by).filter(recorded_at__gte=since_at, recorded_at__lt=until_at)
    keys = SubjectKey.objects.exclude(account_number=None).exclude(account_number="")
    if account_numbers is not None:
        keys = keys.filter(account_number__in=list(account_numbers))
    account_of = dict(keys.values_list("id", "account_number"))
    counted = rows.filter(text_key_id__in=account_of).values_list("text_key_id").annotate(count=Count("id"))
    found: Counter[str] = Counter()
    for key_id, count in counted:
        found[account_of[key_id] or ""] += count
    return dict(found)


def visible_entries(by: Actor) -> QuerySet[LedgerEntry]:
    """Return the rows that the actor may see: all of them, or those about accounts in scope. Refuses who sees none."""
    if by.scope_of(Permission.READ_LEDGER).every_account:
        return LedgerEntry.objects.all()
    by.require(Permission.READ_DECISIONS)
    keys = SubjectKey.objects.exclude(account_number=None).exclude(account_number="")
    if not by.scope_of(Permission.READ_DECISIONS).every_account:
        keys = keys.filter(account_number__in=visible_account_numbers(by, Permission.READ_DECISIONS))
    return LedgerEntry.objects.filter(text_key_id__in=keys.values("id"))


def _of_kind(rows: QuerySet[LedgerEntry], kind: str) -> QuerySet[LedgerEntry]:
    begins = kind.rstrip("*")
    return rows.filter(kind__startswith=begins) if kind.endswith(("*", ".")) else rows.filter(kind=kind)


def _keys_of(account_number: str) -> QuerySet[SubjectKey, UUID]:
    return SubjectKey.objects.filter(account_number__in=account_names(account_number)).values_list("id", flat=True)


def _find_actors(text: str) -> list[str]:
    """Return the keys of those whose key is this, or whose last name in the ledger has this part."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_OF_EACH_ACTOR)
        rows = [(key, name_key, read_envelope(bytes(content)).name) for key, name_key, content in cursor.fetchall()]
    keyring = Keyring(name_key for _, name_key, _ in rows)
    wanted = text.casefold()
    return [key for key, _, name in rows if key == text or wanted in _name(name, keyring).casefold()]


def _name(name: Box | str, keyring: Keyring) -> str:
    if isinstance(name, str):
        return name
    opened = keyring.open(name)
    return str(json.loads(opened.plaintext)) if opened.legible is Legible.OPEN else ""
