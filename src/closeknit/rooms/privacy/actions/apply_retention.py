"""Let go what has been kept for long enough: words, or whole rows, by the rules of their class and through the gate."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared
from closeknit.kernel.scope import seeing_everything
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.compute.scrubbing import ERASED
from closeknit.rooms.privacy.contracts.keeping import DataClass, Hold, PersonalTable
from closeknit.rooms.privacy.reads.keeping import holds_standing, rules_in_force

AT_ONCE = 5000


def apply_retention(*, by: Actor, at: datetime) -> int:
    """Erase or delete what is older than its class is kept anywhere; return how many rows lost something.

    Of several jurisdictions the longest time counts. Subjects on hold are left out; a hold on every subject, or on a
    class whose rows are not told apart, keeps all of it.
    """
    by.require(Permission.MANAGE_PRIVACY)
    gone = 0
    for table in declared("personal tables").values():
        if table.made:
            with transaction.atomic(), seeing_everything():
                gone += _let_go(table, by, at)
    return gone


def _let_go(table: PersonalTable, by: Actor, at: datetime) -> int:
    days = _days_kept(table.data_class)
    holds = [hold for hold in holds_standing() if not hold.classes or table.data_class in hold.classes]
    if days is None or any(hold.subject is None for hold in holds):
        return 0
    held, values = _held(table, holds)
    values |= {"erased": ERASED, "before": at - timedelta(days=days), "limit": AT_ONCE}
    chosen = f"{table.made} < %(before)s{held}{_still(table)}"
    old = f"ctid in (select t.ctid from {table.table} t where {chosen} limit %(limit)s)"
    if table.by_age == "row":
        statement = f"delete from {table.table} where {old}"
    else:
        words = [column for column, how in table.columns.items() if how == "text"]
        changes = ", ".join(f"{c} = case when {c} = '' then '' else %(erased)s end" for c in words)
        statement = f"update {table.table} set {changes} where {old}"
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        count = int(cursor.rowcount)
    if count:
        record_entry(_entry(table, count, days), by=by)
    return count


def _still(table: PersonalTable) -> str:
    """Return the condition that there is still something to erase."""
    words = [column for column, how in table.columns.items() if how == "text"]
    if table.by_age == "row" or not words:
        return ""
    return " and (" + " or ".join(f"t.{column} not in ('', %(erased)s)" for column in words) + ")"


def _days_kept(data_class: DataClass) -> int | None:
    kept = [rule for rule in rules_in_force() if rule.data_class is data_class]
    if not kept or any(rule.most_days is None for rule in kept):
        return None
    return max(max(rule.most_days or 0, rule.least_days) for rule in kept)


def _held(table: PersonalTable, holds: Sequence[Hold]) -> tuple[str, dict[str, Any]]:
    conditions, values = [], {}
    for number, hold in enumerate(holds):
        if hold.subject is not None and hold.subject.kind == table.kind:
            name = f"held_{number}"
            conditions.append(f" and not coalesce(({table.where.replace('%(ref)s', f'%({name})s')}), false)")
            values[name] = hold.subject.reference
    return "".join(conditions), values


def _entry(table: PersonalTable, count: int, days: int) -> Entry:
    return Entry(
        thread_id=ids.new_id(),
        kind="retention.applied",
        subject=f"data:{table.data_class}",
        sentence=f"{{actor}} let {count} rows of {table.table} go: {table.data_class} is kept for {days} days.",
        evidence={
            "table": table.table,
            "columns": sorted(table.columns) if table.by_age != "row" else ["the whole row"],
            "rows": count,
            "kept_days": days,
        },
    )
