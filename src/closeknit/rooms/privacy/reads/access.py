"""Who may see what about whom: an account's privacy with the account, everybody else's with every account."""

from collections.abc import Iterable

from django.db.models import Q

from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.kernel.names import account_names
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.contracts.subjects import ACCOUNT, KINDS, Subject

RECORDED_BY = (Permission.MANAGE_PRIVACY, Permission.RECORD_INSIGHT)
"""Who may write down what a customer said: who manages privacy, and whoever may record what is known of an account."""


def visible(by: Actor, *permissions: Permission) -> Q:
    """Return the condition of rows whose subject the actor may see with any of these permissions.

    Raises:
        Denied: for who holds none of them.
    """
    asked = permissions or (Permission.READ_PERSONAL,)
    held = [permission for permission in asked if by.may(permission)]
    if not held:
        by.require(asked[0])
    if any(by.scope_of(permission).every_account for permission in held):
        return Q()
    found = Q(pk__in=[])
    for permission in held:
        found |= Q(subject_kind=ACCOUNT, subject_ref__in=org.visible_account_numbers(by, permission))
    return found


def require_subject(subject: Subject, by: Actor, *permissions: Permission) -> None:
    """Refuse who may not see, or not write about, a subject.

    Raises:
        Denied: for who holds none of the permissions.
        Invalid: for a kind of subject that is not known.
        NotFound: for a subject out of sight, or an account that is not there.
    """
    asked = permissions or (Permission.READ_PERSONAL,)
    held = [permission for permission in asked if by.may(permission)]
    if not held:
        by.require(asked[0])
    if subject.kind not in KINDS or not subject.reference.strip():
        raise Invalid("This is no subject.", where="subject", todo=f"Name one of {', '.join(KINDS)} by its reference.")
    if subject.kind == ACCOUNT:
        place = org.place_of(subject.reference)
        if any(by.may_at(permission, place) for permission in held):
            return
        # Who sees every account may speak of one that is not placed yet, or no more.
    if not any(by.scope_of(permission).every_account for permission in held):
        raise NotFound("There is no such subject.", where=str(subject))


def names_of(subject: Subject) -> tuple[Subject, ...]:
    """Return the subject under every name that it goes by now: the one an account stands under first."""
    if subject.kind != ACCOUNT:
        return (subject,)
    return tuple(Subject(ACCOUNT, number) for number in account_names(subject.reference))


def jurisdictions_of(subjects: Iterable[Subject]) -> dict[Subject, str]:
    """Return where each subject is, as the rooms above know it; "" where they do not."""
    wanted = list(subjects)
    find = declared("subjects")
    found: dict[Subject, str] = dict.fromkeys(wanted, "")
    for kind in {subject.kind for subject in wanted}:
        ask = find.get(kind)
        if ask is not None:
            references = [subject.reference for subject in wanted if subject.kind == kind]
            for reference, where in ask(references, by=org.system_actor()).items():
                found[Subject(kind, reference)] = where
    return found
