"""Keep fields of a domain from a department, or let it have them again."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from closeknit.kernel import clock, ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.org.compute import check_reason, check_span
from closeknit.rooms.org.contracts import Department, DepartmentSharingChanged, Permission
from closeknit.rooms.org.contracts.stewards import check_subject
from closeknit.rooms.org.models import DepartmentSharing
from closeknit.rooms.org.reads.stewards import list_withholdable_fields


def withhold_from_department(
    domain: str,
    field: str = "",
    *,
    department: str,
    reason: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    by: Actor,
    at: datetime,
) -> int:
    """Keep a domain's fields that are more than public (or one of them) from a department; return the rule's number.

    It acts at the next request, on pages, in the API and in exports. Refuses fields that every reader of an account
    sees (those cannot be withheld), unknown departments, a start in the past, and a rule that stands already.
    """
    by.require(Permission.MANAGE_SETTINGS)
    check_subject(domain, field)
    _check_what(domain, field, department, by)
    check_reason(reason)
    start = starts_at or at
    clock.check(start, where="starts_at")
    if ends_at is not None:
        clock.check(ends_at, where="ends_at")
    check_span(start, ends_at, at)
    same = DepartmentSharing.objects.filter(domain=domain, field=field, department=department)
    try:
        with transaction.atomic():
            if same.filter(Q(ends_at=None) | Q(ends_at__gt=start), **_before(ends_at)).exists():
                raise Conflict("This is withheld already.", where=f"{domain}.{field}", todo="End that rule first.")
            row = DepartmentSharing.objects.create(
                domain=domain,
                field=field,
                department=department,
                starts_at=start,
                ends_at=ends_at,
                reason=reason,
                set_by_key=by.key,
                set_by_name=by.name,
                set_at=at,
                thread_id=ids.new_id(),
            )
            publish(DepartmentSharingChanged(row.thread_id, row.pk, False), by=by)
    except IntegrityError as failure:
        raise Conflict("Somebody else made this rule meanwhile.", where=domain, todo="Look again.") from failure
    return int(row.pk)


def share_again(rule_id: int, *, reason: str, by: Actor, at: datetime) -> None:
    """End a sharing rule now: the department gets what its roles may see."""
    by.require(Permission.MANAGE_SETTINGS)
    check_reason(reason)
    with transaction.atomic():
        row = DepartmentSharing.objects.select_for_update().filter(pk=rule_id).first()
        if row is None:
            raise NotFound("There is no such sharing rule.", where=str(rule_id))
        if row.ends_at is not None and row.ends_at <= max(at, row.starts_at):
            raise Conflict("This rule has ended already.", where=str(rule_id))
        row.ends_at, row.end_reason = max(at, row.starts_at), reason
        row.save(update_fields=["ends_at", "end_reason"])
        publish(DepartmentSharingChanged(row.thread_id, row.pk, True), by=by)


def _check_what(domain: str, field: str, department: str, by: Actor) -> None:
    if department not in list(Department):
        known = ", ".join(Department)
        raise Invalid(f"There is no department {department[:40]!r}.", where="department", todo=f"Use one of {known}.")
    known_fields = list_withholdable_fields(by=by).get(domain, frozenset())
    if not known_fields:
        raise Invalid(f"No field of {domain} can be withheld.", where="domain", todo="Every reader sees all of it.")
    if field and field not in known_fields:
        raise Invalid(
            f"{domain}.{field} cannot be withheld: every reader of the account sees it.",
            where="field",
            todo=f"Use one of {', '.join(sorted(known_fields))}.",
        )


def _before(ends_at: datetime | None) -> dict[str, datetime]:
    return {} if ends_at is None else {"starts_at__lt": ends_at}
