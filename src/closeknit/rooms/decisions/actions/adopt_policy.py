"""Put another decision table in force."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.compute import read_table
from closeknit.rooms.decisions.contracts import DecisionTable, Entry
from closeknit.rooms.decisions.models import PolicyRow
from closeknit.rooms.decisions.reads.policy import table_in_force
from closeknit.rooms.org.contracts import Permission


def adopt_policy(text: str, *, reason: str, by: Actor, at: datetime) -> UUID:
    """Adopt a decision table from its YAML; return the thread on which that stands. What waits keeps its own route.

    Raises:
        Invalid: when the table is not strict, lacks a kind that the table in force has, or no reason is given.
        Conflict: when its version was used before: a version means one text for all time.
    """
    by.require(Permission.MANAGE_SETTINGS)
    if not reason.strip():
        raise Invalid("A new table needs a reason.", where="reason", todo="Say why, in a sentence.")
    table = read_table(text)
    before = table_in_force()
    lost = sorted(set(before.kinds) - set(table.kinds))
    if lost:
        raise Invalid(
            f"The table says nothing about {', '.join(lost)}.",
            where="kinds",
            kept="The table in force stays in force.",
            todo="Keep every kind that the table in force has.",
        )
    thread_id = ids.new_id()
    try:
        with transaction.atomic():
            _store(table, reason.strip(), thread_id, by, at)
            record_entry(_entry(before, table, reason.strip(), thread_id), by=by)
    except IntegrityError:
        raise Conflict(
            f"There is a version {table.version} already.",
            where="version",
            kept="The table in force stays in force.",
            todo="Give the changed table a version of its own.",
        ) from None
    return thread_id


def _store(table: DecisionTable, reason: str, thread_id: UUID, by: Actor, at: datetime) -> None:
    PolicyRow.objects.create(
        version=table.version,
        digest=table.digest,
        text=table.text,
        adopted_by_key=by.key,
        adopted_by_name=by.name,
        adopted_at=at,
        reason=reason,
        thread_id=thread_id,
    )


def _entry(before: DecisionTable, table: DecisionTable, reason: str, thread_id: UUID) -> Entry:
    return Entry(
        thread_id=thread_id,
        kind="policy.adopted",
        subject=f"policy:{table.version}",
        sentence=f"{{actor}} put the decision table {table.version} in force; it replaces {before.version}. {reason}",
        evidence={
            "before": {"version": before.version, "sha256": before.digest},
            "after": {"version": table.version, "sha256": table.digest},
            "text": table.text,
            "reason": reason,
        },
    )
