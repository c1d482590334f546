"""Change an escalation path: a new version, with the reason, for what is raised from now on."""

from datetime import datetime

from django.db import connection, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.compute.paths import plain_path, read_paths
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.decisions.contracts.escalations import EscalationPath
from closeknit.rooms.decisions.models import DutyCalendar, EscalationPathRow
from closeknit.rooms.decisions.reads.names import username_exists
from closeknit.rooms.decisions.reads.paths import ROLES, find_path, path_in_force
from closeknit.rooms.org.contracts import Permission


def adopt_paths(text: str, *, reason: str, by: Actor, at: datetime) -> list[EscalationPath]:
    """Put the paths of a YAML text in force, each as a new version, and return those that changed.

    Escalations that stand keep the path they were raised on. A path that says the same as the one in force makes no
    version.

    Raises:
        Invalid: with the path and level that cannot be taken; then no path changes.
    """
    by.require(Permission.MANAGE_SETTINGS)
    if not reason.strip():
        raise Invalid("A change of a path needs a reason.", where="reason", todo="Say why, in a sentence.")
    paths = read_paths(text, roles=ROLES)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # One at a time: two changes at once would both make the same version.
            cursor.execute("lock table decisions_escalation_path in share row exclusive mode")
        return [path_in_force(path.path) for path in paths.values() if _adopt(path, reason.strip(), by, at)]


def _adopt(path: EscalationPath, reason: str, by: Actor, at: datetime) -> bool:
    _check_named(path)
    before, body = find_path(path.path), plain_path(path)
    if before is not None and body == plain_path(before):
        return False
    version = before.version + 1 if before else 1
    EscalationPathRow.objects.create(
        path=path.path, version=version, body=body, adopted_by_key=by.key, adopted_at=at, reason=reason
    )
    record_entry(
        Entry(
            thread_id=ids.new_id(),
            kind="escalation-path.adopted",
            subject=f"escalation-path:{path.path}",
            sentence=f"{{actor}} changed the escalation path “{path.title}” to version {version}. Reason: {reason}",
            evidence={
                "path": path.path,
                "version": version,
                "before": plain_path(before) if before else None,
                "after": body,
            },
        ),
        by=by,
    )
    return True


def _check_named(path: EscalationPath) -> None:
    known = set(DutyCalendar.objects.values_list("calendar", flat=True))
    for number, level in enumerate(path.levels, 1):
        where = f"path {path.path}, level {number}"
        if level.calendar and level.calendar not in known and not level.role:
            raise Invalid(
                f"There is no on-duty calendar {level.calendar}, and no role to ask instead.",
                where=where,
                todo="Open the calendar first, or name a role too.",
            )
        if level.person and not username_exists(level.person):
            raise Invalid(f"Nobody signs in as {level.person}.", where=where)
