"""Set the rules by which one source's word comes before another's."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.output import plain
from closeknit.rooms.customers.actions.refresh_golden import refresh_golden
from closeknit.rooms.customers.compute.golden import check_rules
from closeknit.rooms.customers.contracts import SurvivorshipGroup
from closeknit.rooms.customers.models import Account, Survivorship
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission


def set_survivorship(groups: Sequence[SurvivorshipGroup], *, reason: str, by: Actor, at: datetime) -> int:
    """Set new rules from now on, and let every account follow; return their version.

    The past keeps the rules that it had. Refuses rules that leave out a field or name one twice, and an empty reason.
    """
    by.require(Permission.LOAD_DATA)
    check_rules(groups)
    if not reason.strip():
        raise Invalid("New rules need a reason.", where="reason", todo="Say why, in a sentence.")
    try:
        with transaction.atomic():
            last = Survivorship.objects.order_by("-version").first()
            row = Survivorship.objects.create(
                version=last.version + 1 if last else 1,
                groups=plain([{"fields": g.fields, "by": g.by, "systems": g.systems} for g in groups]),
                from_at=at,
                set_by_key=by.key,
                set_by_name=by.name,
                reason=reason.strip(),
                thread_id=ids.new_id(),
            )
            numbers = list(Account.objects.filter(merged_into="").values_list("account_number", flat=True))
            changed = refresh_golden(numbers, thread_id=row.thread_id, by=by)
            record_entry(_entry(row, len(changed)), by=by)
    except IntegrityError as failure:
        raise Conflict("Somebody else set new rules meanwhile.", where="rules", todo="Look again.") from failure
    return row.version


def _entry(row: Survivorship, changed: int) -> Entry:
    return Entry(
        thread_id=row.thread_id,
        kind="survivorship.set",
        subject=f"survivorship:{row.version}",
        sentence=f"{{actor}} set which source's word counts (version {row.version}). {row.reason}",
        evidence={"version": row.version, "groups": row.groups, "accounts_changed": changed},
    )
