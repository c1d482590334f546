"""Where personal data stand, as the wiring table declares it; and what we hold of one subject."""

from datetime import datetime
from typing import Any

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared
from closeknit.kernel.scope import seeing_everything
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.contracts.keeping import DataExtract, PersonalTable
from closeknit.rooms.privacy.contracts.subjects import Subject
from closeknit.rooms.privacy.reads.access import require_subject

SHORTEST_NAME = 4
"""Shorter names are not looked for in other texts: they would be found in any word."""
MOST_ROWS = 1000
PARTLY = ("mentions", "json-mentions", "bytes-mentions")


def list_personal_tables(*, by: Actor) -> list[PersonalTable]:
    """Return every table that holds personal data, with how each column is erased."""
    by.require(Permission.READ_PERSONAL)
    return sorted(declared("personal tables").values(), key=lambda table: (table.kind, table.table))


def get_extract(subject: Subject, *, by: Actor, at: datetime) -> DataExtract:
    """Return what we hold of a subject, for its request of access. What is only partly about it is left out."""
    require_subject(subject, by, Permission.MANAGE_PRIVACY)
    found: dict[str, tuple[dict[str, Any], ...]] = {}
    with seeing_everything(), connection.cursor() as cursor:
        for table in tables_of(subject.kind):
            columns = [column for column, how in table.columns.items() if how not in PARTLY]
            if not columns:
                continue
            cursor.execute(
                f"select {', '.join(columns)} from {table.table} t where ({table.where}) limit {MOST_ROWS}",
                {"ref": subject.reference},
            )
            rows = tuple(dict(zip(columns, row, strict=True)) for row in cursor.fetchall())
            if rows:
                found[table.table] = (*found.get(table.table, ()), *rows)
    return DataExtract(subject, at, found)


def tables_of(kind: str) -> list[PersonalTable]:
    """Return the tables with data of such subjects, for who acts."""
    return [table for table in declared("personal tables").values() if table.kind == kind]
