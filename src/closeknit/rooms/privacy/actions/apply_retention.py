"""Let go what has been kept for long enough: words, or whole rows, by the rules of their class and through the gate."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared
from closeknit.kernel.deletions import Deletion
from closeknit.kernel.scope import seeing_everything
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.actions.pass_gate import judge_bulk
from closeknit.rooms.privacy.compute.scrubbing import ERASED
from closeknit.rooms.privacy.contracts.keeping import DataClass, PersonalTable, RequestKind
from closeknit.rooms.privacy.contracts.subjects import Subject
from closeknit.rooms.privacy.reads.access import names_of
from closeknit.rooms.privacy.reads.keeping import every_request_open, holds_standing, rules_in_force

AT_ONCE = 5000
OF_WORDS = ("text", "mentions")


def apply_retention(*, by: Actor, at: datetime) -> int:
    """Erase or delete what is older than its class is kept anywhere; return how many rows lost something.

    Of several jurisdictions the longest time counts. Subjects on hold, and those who asked what we hold, are left out.
    The gate is asked about the rest: a hold on every subject, or on subjects whom the rows do not tell apart, keeps it.
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
    if days is None:
        return 0
    left_out = _protected(table)
    asked = Deletion(table.data_class.value, f"old rows of {table.table}", at - timedelta(days=days))
    if not judge_bulk(asked, left_out=left_out, by=by).is_allowed:
        return 0
    held, values = _held(table, left_out)
    values |= {"erased": ERASED, "before": at - timedelta(days=days), "limit": AT_ONCE}
    chosen = f"{table.made} < %(before)s{held}{_still(table)}"
    old = f"ctid in (select t.ctid from {table.table} t where {chosen} limit %(limit)s)"
    if table.by_age == "row":
        statement = f"delete from {table.table} where {old}"
    else:
        words = [column for column, how in table.columns.items() if how in OF_WORDS]
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
    words = [column for column, how in table.columns.items() if how in OF_WORDS]
    if table.by_age == "row" or not words:
        return ""
    return " and (" + " or ".join(f"t.{column} not in ('', %(erased)s)" for column in words) + ")"


def _days_kept(data_class: DataClass) -> int | None:
    kept = [rule for rule in rules_in_force() if rule.data_class is data_class]
    if not kept or any(rule.most_days is None for rule in kept):
        return None
    return max(max(rule.most_days or 0, rule.least_days) for rule in kept)


def _protected(table: PersonalTable) -> list[Subject]:
    """Return whose rows of a table stay, under each of their names: a hold, or a request other than to be erased."""
    holds = [hold for hold in holds_standing() if not hold.classes or table.data_class in hold.classes]
    subjects = [hold.subject for hold in holds if hold.subject is not None]
    subjects += [request.subject for request in every_request_open() if request.kind is not RequestKind.ERASURE]
    return sorted({name for subject in subjects if subject.kind == table.kind for name in names_of(subject)})


def _held(table: PersonalTable, left_out: Sequence[Subject]) -> tuple[str, dict[str, Any]]:
    conditions, values = [], {}
    for number, subject in enumerate(left_out):
        name = f"held_{number}"
        conditions.append(f" and not coalesce(({table.where.replace('%(ref)s', f'%({name})s')}), false)")
        values[name] = subject.reference
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
