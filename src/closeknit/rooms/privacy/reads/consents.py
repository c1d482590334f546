"""What subjects said, and the question that every personalised decision asks: may we?"""

from collections.abc import Collection as Some
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.names import golden_names
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.compute import judge_use, receipt_of
from closeknit.rooms.privacy.contracts.consents import (
    EVERY_CHANNEL,
    Collection,
    ConsentCard,
    ConsentState,
    Use,
)
from closeknit.rooms.privacy.contracts.purposes import Basis
from closeknit.rooms.privacy.contracts.subjects import ACCOUNT, Subject
from closeknit.rooms.privacy.models import Consent, RefusedUse
from closeknit.rooms.privacy.reads.access import jurisdictions_of, names_of, require_subject, visible
from closeknit.rooms.privacy.reads.purposes import purpose_in_force, purposes_in_force

LOCK_SPACE = 0x5052  # "PR": advisory locks of this room
SHARED = "select pg_advisory_xact_lock_shared(%s, hashtext(%s))"
EXCLUSIVE = "select pg_advisory_xact_lock(%s, hashtext(%s))"
WHOLE = "purpose"


def may_use(subject: Subject, purpose: str, *, channel: str = EVERY_CHANNEL, by: Actor, at: datetime) -> Use:
    """Return whether a subject's data may be used for a purpose at an instant, past or present, and why.

    A decision must ask by `actions.decide_with.deciding` instead: a subject may opt out before it commits.

    Raises:
        NotFound: for a purpose that nobody defined, and a subject out of sight.
    """
    require_subject(subject, by)
    return find_use(subject, purpose, channel=channel, at=at, until=at)


def list_uses(subject: Subject, *, by: Actor, at: datetime) -> list[Use]:
    """Return for every purpose whether the subject's data may be used, by purpose."""
    require_subject(subject, by)
    return [find_use(subject, key, channel=EVERY_CHANNEL, at=at, until=at) for key in sorted(purposes_in_force(at))]


def list_refused(
    purpose: str, references: Iterable[str], *, kind: str = ACCOUNT, by: Actor, at: datetime
) -> frozenset[str]:
    """Return which of these subjects' data may not be used for a purpose: for decisions about many at once.

    A decision that writes later asks again in its own transaction: `actions.decide_with.deciding_about_many`.
    """
    by.require(Permission.READ_ACCOUNTS)
    return find_refused(purpose, references, kind=kind, at=at)


def list_consents(
    *, subject: Subject | None = None, purpose: str = "", by: Actor, limit: int = 500
) -> list[ConsentCard]:
    """Return what subjects in sight said, the newest first."""
    rows = Consent.objects.filter(visible(by))
    if subject is not None:
        require_subject(subject, by)
        rows = rows.filter(_about(names_of(subject)))
    if purpose:
        rows = rows.filter(purpose=purpose)
    return [_card(row) for row in rows.order_by("-id")[:limit]]


def count_opted_out(*, by: Actor) -> dict[str, int]:
    """Return by purpose how many subjects in sight said no to every channel, as their last word."""
    last = (
        Consent.objects.filter(visible(by), channel=EVERY_CHANNEL)
        .order_by("subject_kind", "subject_ref", "purpose", "-id")
        .distinct("subject_kind", "subject_ref", "purpose")
    )
    found: dict[str, int] = {}
    for purpose, state in last.values_list("purpose", "state"):
        if state != ConsentState.GRANTED:
            found[purpose] = found.get(purpose, 0) + 1
    return found


def get_receipt(receipt_id: UUID, *, by: Actor) -> dict[str, object]:
    """Return a consent receipt as it is handed to the subject (Kantara v1.1), or raise NotFound."""
    row = Consent.objects.filter(visible(by), receipt_id=receipt_id).first()
    if row is None:
        raise NotFound("There is no such receipt.", where=str(receipt_id))
    card = _card(row)
    return receipt_of(card, purpose_in_force(card.purpose, card.recorded_at))


def list_refused_uses(*, by: Actor, limit: int = 200) -> list[dict[str, object]]:
    """Return decisions that were refused for a subject's sake, the newest first."""
    rows = RefusedUse.objects.filter(visible(by)).order_by("-refused_at")[:limit]
    names = ("subject_kind", "subject_ref", "purpose", "decision", "why", "refused_at", "asked_by_name", "thread_id")
    return [{name: getattr(row, name) for name in names} for row in rows]


def hold_still(*subjects: Subject) -> None:
    """Let no statement of these subjects commit before this transaction ends. Taken in one order by everybody."""
    with connection.cursor() as cursor:
        for subject in sorted(subjects):
            cursor.execute(SHARED, [LOCK_SPACE, str(subject)])


def hold_all_still() -> None:
    """Let no statement at all commit before this transaction ends: for decisions about many subjects."""
    with connection.cursor() as cursor:
        cursor.execute(SHARED, [LOCK_SPACE, WHOLE])


def wait_for_uses(*subjects: Subject) -> None:
    """Wait until decisions that use these subjects' data have committed, and let no other begin meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(EXCLUSIVE, [LOCK_SPACE, WHOLE])
        for subject in sorted(subjects):
            cursor.execute(EXCLUSIVE, [LOCK_SPACE, str(subject)])


def find_use(subject: Subject, purpose: str, *, channel: str, at: datetime, until: datetime | None) -> Use:
    """Return the answer for who acts. `until` None: by all that is committed, whatever its clock says.

    Of an account that others were merged into, the strictest of what was said under any of its names.
    """
    names = names_of(subject)
    stands = names[0]
    said = _said([_about(names)], purpose, until)
    where = jurisdictions_of([stands])[stands]
    defined = purpose_in_force(purpose, until)
    spoken = [said[name] for name in names if name in said] or [[]]
    uses = [judge_use(stands, defined, words, channel=channel, jurisdiction=where, at=at) for words in spoken]
    return next((use for use in uses if not use.is_allowed), uses[0])


def find_refused(purpose: str, references: Iterable[str], *, kind: str, at: datetime) -> frozenset[str]:
    """Return which subjects refuse a purpose, by all that is committed, for who acts: under any of their names."""
    golden = golden_names() if kind == ACCOUNT else {}
    asked_as = {reference: golden.get(reference, reference) for reference in references}
    wanted: Some[str] = set(asked_as.values())
    defined = purpose_in_force(purpose)
    needs_no_word = (
        all(basis.basis is not Basis.CONSENT for basis in defined.bases.values())
        and "*" in defined.bases
        and not defined.is_retired
    )
    said: dict[str, list[Sequence[ConsentCard]]] = {}
    for name, words in _said([Q(subject_kind=kind)], purpose, None).items():
        said.setdefault(golden.get(name.reference, name.reference), []).append(words)
    asked = [Subject(kind, r) for r in wanted if r in said or not needs_no_word]
    where = jurisdictions_of(asked)
    refused = {
        s.reference
        for s in asked
        for words in said.get(s.reference, [()])
        if not judge_use(s, defined, words, channel=EVERY_CHANNEL, jurisdiction=where[s], at=at).is_allowed
    }
    return frozenset(reference for reference, stands in asked_as.items() if stands in refused)


def _about(names: Sequence[Subject]) -> Q:
    return Q(subject_kind=names[0].kind, subject_ref__in=[name.reference for name in names])


def _said(which: Sequence[Q], purpose: str, until: datetime | None) -> dict[Subject, list[ConsentCard]]:
    rows = Consent.objects.filter(*which, purpose=purpose)
    if until is not None:
        rows = rows.filter(recorded_at__lte=until)
    found: dict[Subject, list[ConsentCard]] = {}
    for row in rows.order_by("id"):
        card = _card(row)
        found.setdefault(card.subject, []).append(card)
    return found


def _card(row: Consent) -> ConsentCard:
    return ConsentCard(
        consent_id=row.pk,
        receipt_id=row.receipt_id,
        thread_id=row.thread_id,
        subject=Subject(row.subject_kind, row.subject_ref),
        purpose=row.purpose,
        purpose_version=row.purpose_version,
        channel=row.channel,
        state=ConsentState(row.state),
        jurisdiction=row.jurisdiction,
        basis=Basis(row.basis),
        law=row.law,
        recorded_at=row.recorded_at,
        expires_at=row.expires_at,
        collected=Collection(row.collected),
        signal=row.signal,
        language=row.language,
        text_shown=row.text_shown,
        policy_url=row.policy_url,
        controller=row.controller,
        is_sensitive=row.is_sensitive,
        recorded_by=row.recorded_by_name,
        note=row.note,
    )
