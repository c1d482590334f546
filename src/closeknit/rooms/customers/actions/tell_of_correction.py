"""Let a steward's answer reach who reported the fact, and a correction every decision that may have used it."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.customers.contracts import DisputeState
from closeknit.rooms.customers.models import Dispute
from closeknit.rooms.customers.reads.claims import lines_meanwhile
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.notify import notify_people
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry, LedgerLine
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

KIND = "fact.corrected-since"
LONGEST_LINK = 300


def tell_of_correction(dispute_id: UUID, *, by: Actor, at: datetime) -> int:
    """Tell who reported a fact what its steward answered; return how many threads of decisions hear of a correction.

    Each thread in which something was decided about the account while the wrong value counted gets a line of its own,
    so that its "why?" says what was found out since, and the people who decided there are told. Told already, or still
    open: nothing happens.

    Raises:
        Denied: without the right to see accounts.
        NotFound: for a dispute that is not there.
    """
    by.require(Permission.READ_ACCOUNTS)
    with transaction.atomic():
        row = Dispute.objects.select_for_update().filter(pk=dispute_id).first()
        if row is None:
            raise NotFound("There is no such dispute.", where=str(dispute_id))
        if row.state == DisputeState.OPEN.value:
            return 0
        _tell_reporter(row, by, at)
        return _tell_decisions(row, by, at) if row.state == DisputeState.CORRECTED.value else 0


def _tell_decisions(row: Dispute, by: Actor, at: datetime) -> int:
    # Asked as the system: whoever answers may not see every decision, and each of them is to hear of it.
    system = org.system_actor()
    told = decisions.list_entries(kind=KIND, account_number=row.account_number, by=system)
    if any(line.subject == _subject(row) for line in told):
        return 0
    lines = [line for line in lines_meanwhile(row, by=system) if line.thread_id != row.thread_id]
    threads = {line.thread_id: line for line in reversed(lines)}
    for line in threads.values():
        record_entry(_entry(row, line), by=by)
    _tell_deciders(row, lines, len(threads), by, at)
    return len(threads)


def _entry(row: Dispute, line: LedgerLine) -> Entry:
    words = row.field.replace("_", " ")
    return Entry(
        thread_id=line.thread_id,
        kind=KIND,
        subject=_subject(row),
        sentence=f"The {words} of {row.account_number} was found wrong and put right after this was decided.",
        account_number=row.account_number,
        # Not the values: more people read the ledger than may read what is personal.
        evidence={"dispute_id": row.pk, "field": row.field, "dispute_thread_id": row.thread_id},
    )


def _tell_deciders(row: Dispute, lines: Iterable[LedgerLine], threads: int, by: Actor, at: datetime) -> None:
    people = {line.actor_key for line in lines if line.actor_key.startswith("person:")} - {row.answered_by_key}
    if not people:
        return
    notify_people(
        to=sorted(people),
        cause=f"corrected:{row.pk}",
        title=f"{row.account_number}: the {row.field.replace('_', ' ')} was wrong when you decided"[:200],
        body=f"{row.answered_by_name} put it right. {threads} threads were decided while it counted: look at yours.",
        link=f"/disputes/{row.pk}/",
        urgent=False,
        thread_id=row.thread_id,
        account_number=row.account_number,
        permission=Permission.READ_RECORDS.value,
        by=by,
        at=at,
    )


def _tell_reporter(row: Dispute, by: Actor, at: datetime) -> None:
    if row.reported_by_key == row.answered_by_key:
        return
    said = "was wrong and is put right" if row.state == DisputeState.CORRECTED.value else "stands"
    notify_people(
        to=[row.reported_by_key],
        cause=f"answered:{row.pk}",
        title=f"{row.account_number}: the {row.field.replace('_', ' ')} {said}"[:200],
        body=f"{row.answered_by_name} answered what you reported.",
        link=_page_of(row.account_number),
        urgent=False,
        thread_id=row.thread_id,
        account_number=row.account_number,
        by=by,
        at=at,
    )


def _page_of(account_number: str) -> str:
    """The account's page, not the dispute's: a customer's own reader may report, and sees no disputes."""
    link = f"/accounts/{quote(account_number, safe='')}/"
    return link if len(link) <= LONGEST_LINK else "/accounts/"


def _subject(row: Dispute) -> str:
    return f"dispute:{row.pk}"
