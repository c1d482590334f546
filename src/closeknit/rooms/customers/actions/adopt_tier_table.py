"""Adopt another table of tiers: read strictly, proven, its golden cases checked, in force from the day it names."""

from datetime import datetime

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.customers.models import TierTableRow
from closeknit.rooms.customers.reads.tier_tables import check_tier_table, shipped_tier_table
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission


def adopt_tier_table(text: str, *, reason: str, by: Actor, at: datetime) -> str:
    """Put a table of tiers in force; return its version. Weeks that were judged already stay as they were.

    Raises:
        Denied: without the right to manage settings.
        Invalid: where it is not strict, is no table of tiers, begins in the past, or comes without a reason or cases.
        Conflict: where its version is known already.
    """
    by.require(Permission.MANAGE_SETTINGS)
    if not reason.strip():
        raise Invalid("A table of tiers needs a reason.", where="reason", todo="Say why, in a sentence.")
    table = decisions.read_strict_table(text)
    faults = check_tier_table(table)
    if faults:
        raise Invalid(f"This is no table of tiers: {'; '.join(faults)}.", where="the table", todo="Change its text.")
    if not table.cases:
        raise Invalid("A table of tiers needs golden cases.", where="cases", todo="Say what must come out.")
    if table.effective_from < at.date():
        raise Invalid("A table cannot begin in the past.", where="effective_from", todo="Begin today or later.")
    with transaction.atomic():
        if table.version == shipped_tier_table().version or TierTableRow.objects.filter(version=table.version).exists():
            raise Conflict(f"There is a version {table.version} already.", where="version", todo="Name another one.")
        row = TierTableRow.objects.create(
            version=table.version,
            digest=table.digest,
            text=text,
            effective_from=table.effective_from,
            adopted_by=by.name,
            adopted_at=at,
            reason=reason.strip(),
            thread_id=ids.new_id(),
        )
        entry = Entry(
            thread_id=row.thread_id,
            kind="tier-table.adopted",
            subject="tiers",
            sentence=f"The table of tiers {table.version} is in force from {table.effective_from}. {reason.strip()}",
            evidence={"version": table.version, "digest": table.digest, "text": text},
        )
        record_entry(entry, by=by)
    return table.version
