"""Write a line into the ledger, in the transaction of the change that it proves."""

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.kernel.canonical import canonical_bytes
from closeknit.rooms.decisions.compute.merkle import hash_leaf
from closeknit.rooms.decisions.contracts import Entry

# Written out: the line is in every transaction of the business, and the mapper costs more than the rest of it.
INSERT = (
    "insert into decisions_ledger_entry (thread_id, kind, subject, sentence, account_number, team_id, actor_key,"
    " actor_name, recorded_at, content, leaf) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id"
)


def record_entry(entry: Entry, *, by: Actor) -> int:
    """Append one ledger line and return its number. Needs no permission of its own: the change it proves had one.

    Raises:
        RuntimeError: outside a transaction, where a line could outlive a change that failed.
        Invalid: when the evidence has no canonical form (NaN, naive time).
    """
    if not connection.in_atomic_block:
        raise RuntimeError("record_entry needs the transaction of the change it proves")
    with connection.cursor() as cursor:
        cursor.execute("select transaction_timestamp()")
        (recorded_at,) = cursor.fetchone()
    content = canonical_bytes(
        {
            "version": 2,
            "thread_id": entry.thread_id,
            "kind": entry.kind,
            "subject": entry.subject,
            "sentence": entry.sentence,
            "account_number": entry.account_number,
            "team_id": entry.team_id,
            "actor": by.key,
            "actor_name": by.name,
            "recorded_at": recorded_at,
            "evidence": entry.evidence,
        }
    )
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            [
                entry.thread_id,
                entry.kind,
                entry.subject,
                entry.sentence,
                entry.account_number,
                entry.team_id,
                by.key,
                by.name,
                recorded_at,
                content,
                hash_leaf(content),
            ],
        )
        (number,) = cursor.fetchone()
    return int(number)
