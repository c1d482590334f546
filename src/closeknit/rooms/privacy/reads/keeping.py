"""What stands against deleting: rules of keeping, holds, requests; and what the gate said."""

from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.contracts.keeping import (
    SHIPPED_RULES,
    DataClass,
    DataRequest,
    ErasedField,
    GateLine,
    Hold,
    KeptClass,
    RequestKind,
    RequestState,
    RetentionRule,
    SubjectErasure,
)
from closeknit.rooms.privacy.contracts.subjects import Subject
from closeknit.rooms.privacy.models import ErasureRow, GateVerdict, LegalHold, RetentionVersion, SubjectRequest
from closeknit.rooms.privacy.reads.access import visible


def list_retention(*, by: Actor) -> list[RetentionRule]:
    """Return the rule in force for each class and jurisdiction."""
    by.require(Permission.READ_PERSONAL)
    return sorted(rules_in_force(), key=lambda rule: (rule.data_class, rule.jurisdiction))


def list_holds(*, standing_only: bool = False, by: Actor) -> list[Hold]:
    """Return the holds on subjects in sight, those that stand first, the newest first."""
    rows = LegalHold.objects.filter(visible(by))
    if standing_only:
        rows = rows.filter(released_at=None)
    return sorted((_hold(row) for row in rows.order_by("-placed_at")), key=lambda hold: hold.released_at is not None)


def list_requests(
    *, state: RequestState | None = None, subject: Subject | None = None, by: Actor, limit: int = 500
) -> list[DataRequest]:
    """Return requests of subjects in sight, the open ones first, by the day on which they are due."""
    rows = SubjectRequest.objects.filter(visible(by))
    if state is not None:
        rows = rows.filter(state=state.value)
    if subject is not None:
        rows = rows.filter(subject_kind=subject.kind, subject_ref=subject.reference)
    found = [_request(row) for row in rows.order_by("due_on")[:limit]]
    return sorted(found, key=lambda request: request.state is not RequestState.OPEN)


def get_request(request_id: UUID, *, by: Actor) -> DataRequest:
    """Return one request, or raise NotFound where there is none about a subject in sight."""
    return _request(find_request_row(request_id, by))


def list_gate_lines(*, by: Actor, limit: int = 200) -> list[GateLine]:
    """Return what the gate of deletions said, the newest first."""
    by.require(Permission.READ_PERSONAL)
    names = ("at", "data_class", "subject", "what", "is_allowed", "why", "by_name")
    rows = GateVerdict.objects.order_by("-at", "-pk").values(*names)[:limit]
    return [GateLine(**row) for row in rows]


def list_erasures(*, by: Actor, limit: int = 200) -> list[SubjectErasure]:
    """Return erasures, the newest first: which fields went, what had to stay, by pseudonym."""
    by.require(Permission.READ_PERSONAL)
    return [_erasure(row) for row in ErasureRow.objects.order_by("-erased_at")[:limit]]


def get_erasure(erasure_id: UUID, *, by: Actor) -> SubjectErasure:
    """Return one erasure, or raise NotFound."""
    by.require(Permission.READ_PERSONAL)
    row = ErasureRow.objects.filter(pk=erasure_id).first()
    if row is None:
        raise NotFound("There is no such erasure.", where=str(erasure_id))
    return _erasure(row)


def find_request_row(request_id: UUID, by: Actor, *permissions: Permission) -> SubjectRequest:
    """Return a request's row, or raise NotFound where there is none about a subject in sight."""
    row = SubjectRequest.objects.filter(visible(by, *permissions), pk=request_id).first()
    if row is None:
        raise NotFound("There is no such request.", where=str(request_id))
    return row


def rules_in_force(at: datetime | None = None) -> list[RetentionRule]:
    """Return the rules of keeping as shipped, and as adopted since, for who acts."""
    found = {(rule.data_class, rule.jurisdiction): rule for rule in SHIPPED_RULES}
    rows = RetentionVersion.objects.order_by("version")
    for row in rows if at is None else rows.filter(adopted_at__lte=at):
        data_class = DataClass(row.data_class)
        found[data_class, row.jurisdiction] = RetentionRule(
            data_class=data_class,
            jurisdiction=row.jurisdiction,
            least_days=row.least_days,
            most_days=row.most_days,
            law=row.law,
            version=row.version,
            reason=row.reason,
            adopted_by=row.adopted_by_name,
            adopted_at=row.adopted_at,
        )
    return list(found.values())


def holds_standing() -> list[Hold]:
    """Return every hold that stands, for the gate."""
    return [_hold(row) for row in LegalHold.objects.filter(released_at=None).order_by("placed_at")]


def requests_open(subject: Subject | None) -> list[DataRequest]:
    """Return the open requests of a subject, for the gate."""
    if subject is None:
        return []
    about = Q(subject_kind=subject.kind, subject_ref=subject.reference, state=RequestState.OPEN.value)
    return [_request(row) for row in SubjectRequest.objects.filter(about).order_by("due_on")]


def every_request_open() -> list[DataRequest]:
    """Return the open requests of all subjects, for who lets old data go."""
    rows = SubjectRequest.objects.filter(state=RequestState.OPEN.value)
    return [_request(row) for row in rows.order_by("due_on")]


def _hold(row: LegalHold) -> Hold:
    return Hold(
        hold_id=row.pk,
        thread_id=row.thread_id,
        title=row.title,
        reason=row.reason,
        subject=Subject(row.subject_kind, row.subject_ref) if row.subject_kind else None,
        classes=tuple(DataClass(name) for name in row.classes),
        placed_by=row.placed_by_name,
        placed_at=row.placed_at,
        review_on=row.review_on,
        released_at=row.released_at,
        released_by=row.released_by_name,
        release_reason=row.release_reason,
    )


def _request(row: SubjectRequest) -> DataRequest:
    return DataRequest(
        request_id=row.pk,
        thread_id=row.thread_id,
        kind=RequestKind(row.kind),
        subject=Subject(row.subject_kind, row.subject_ref),
        jurisdiction=row.jurisdiction,
        received_on=row.received_on,
        due_on=row.due_on,
        law=row.law,
        extended_until=row.extended_until,
        extension_reason=row.extension_reason,
        verified_by=row.verified_by,
        state=RequestState(row.state),
        outcome=row.outcome,
        closed_by=row.closed_by_name,
        closed_at=row.closed_at,
        recorded_by=row.recorded_by_name,
    )


def _erasure(row: ErasureRow) -> SubjectErasure:
    return SubjectErasure(
        erasure_id=row.pk,
        thread_id=row.thread_id,
        pseudonym=row.pseudonym,
        kind=row.subject_kind,
        reason=row.reason,
        fields=tuple(ErasedField(**said) for said in row.fields),
        kept=tuple(KeptClass(said["data_class"], said["why"], _day(said["until_on"])) for said in row.kept),
        keys=row.keys,
        lines=row.lines,
        erased_at=row.erased_at,
        erased_by=row.erased_by_name,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
