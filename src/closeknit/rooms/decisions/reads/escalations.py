"""Escalations as people see them. What is about an account shows to who may read decisions about that account."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Case, Q, QuerySet, Value, When

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.names import account_names
from closeknit.rooms.decisions.compute.escalations import Standing
from closeknit.rooms.decisions.compute.paths import path_from
from closeknit.rooms.decisions.contracts.escalations import (
    EscalationCard,
    EscalationPath,
    EscalationState,
    EscalationStep,
    StepKind,
)
from closeknit.rooms.decisions.models import Escalation, EscalationStepRow
from closeknit.rooms.decisions.reads.names import names_of
from closeknit.rooms.decisions.reads.paths import ROLES
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

FIRST_OPEN = Case(
    When(state=Escalation.State.OPEN, then=Value(0)),
    When(state=Escalation.State.ACKNOWLEDGED, then=Value(1)),
    default=Value(2),
)
DOING = {
    StepKind.RAISED: "raised it",
    StepKind.MOVED: "moved it on",
    StepKind.REPEATED: "asked again",
    StepKind.ACKNOWLEDGED: "took it on",
    StepKind.HANDED_BACK: "handed it back",
    StepKind.REASSIGNED: "gave it to another",
    StepKind.CLOSED: "closed it",
}


def list_escalations(
    *,
    by: Actor,
    states: Iterable[EscalationState] = (),
    path: str = "",
    account_number: str = "",
    mine: bool = False,
    limit: int = 100,
) -> list[EscalationCard]:
    """Return escalations: the open ones first, then those taken on, then the closed; each by what is due first."""
    rows = visible_escalations(by)
    wanted = [state.value for state in states]
    if wanted:
        rows = rows.filter(state__in=wanted)
    if path:
        rows = rows.filter(path=path)
    if account_number:
        rows = rows.filter(account_number__in=account_names(account_number))
    if mine:
        rows = rows.filter(_asks(keys_of(by)))
    return _cards(list(rows.order_by(FIRST_OPEN, "next_level_at", "-closed_at", "id")[:limit]), by)


def count_escalations(*, by: Actor, mine: bool = False) -> int:
    """Return how many escalations stand open or taken on; `mine`: of those, how many ask the actor."""
    rows = visible_escalations(by).exclude(state=Escalation.State.CLOSED)
    return (rows.filter(_asks(keys_of(by))) if mine else rows).count()


def get_escalation(escalation_id: UUID, *, by: Actor) -> EscalationCard:
    """Return one escalation, or raise NotFound; one out of sight looks like none."""
    row = visible_escalations(by).filter(pk=escalation_id).first()
    if row is None:
        raise NotFound("There is no such escalation.", where=str(escalation_id))
    return _cards([row], by)[0]


def find_open_escalation(cause: str, *, by: Actor) -> EscalationCard | None:
    """Return the escalation that stands for a cause, or None."""
    row = visible_escalations(by).filter(cause=cause).exclude(state=Escalation.State.CLOSED).first()
    return _cards([row], by)[0] if row else None


def list_open_causes(prefix: str, *, by: Actor) -> list[str]:
    """Return the causes that begin with a text and stand escalated, for who raises and closes them."""
    rows = visible_escalations(by).filter(cause__startswith=prefix).exclude(state=Escalation.State.CLOSED)
    return list(rows.order_by("cause").values_list("cause", flat=True))


def list_escalation_steps(escalation_id: UUID, *, by: Actor) -> list[EscalationStep]:
    """Return the steps of an escalation, oldest first; NotFound where it is out of sight."""
    if not visible_escalations(by).filter(pk=escalation_id).exists():
        raise NotFound("There is no such escalation.", where=str(escalation_id))
    rows = list(EscalationStepRow.objects.filter(escalation_id=escalation_id).order_by("number"))
    names = names_of(key for row in rows for key in (row.actor_key, row.for_key, *row.asked_keys))
    return [_step(row, names) for row in rows]


def visible_escalations(by: Actor) -> QuerySet[Escalation]:
    """Return the rows that the actor may see. Refuses who may see none."""
    by.require(Permission.READ_DECISIONS)
    if by.scope_of(Permission.READ_DECISIONS).every_account:
        return Escalation.objects.all()
    return Escalation.objects.filter(account_number__in=org.visible_account_numbers(by, Permission.READ_DECISIONS))


def path_of(row: Escalation) -> EscalationPath:
    """Return the path that an escalation follows: as it was when it was raised."""
    return path_from(row.path, row.body, roles=ROLES, version=row.path_version)


def standing_of(row: Escalation) -> Standing:
    """Return where an escalation stands, for the steps that are computed."""
    return Standing(
        EscalationState(row.state),
        row.level,
        tuple(row.asked_keys),
        tuple(row.handed_back_keys),
        row.holder_key,
        row.next_level_at,
    )


def acts_for(row: Escalation, by: Actor) -> str | None:
    """Return for whom an actor answers: "" for itself, the key of who lent a hat; None where the answer is not its.

    Who was asked on any level may answer, who stands in for one of them, and who may decide about the account.
    """
    for key in keys_of(by):
        if key in _asked_ever([row])[row.pk]:
            return "" if key == by.key else key
    place = org.place_of(row.account_number)
    if not by.may_at(Permission.DECIDE, place):
        return None
    hat = by.hat_for(Permission.DECIDE, place)
    return hat.lender_key if hat else ""


def keys_of(by: Actor) -> list[str]:
    """Return the keys that an actor answers to: its own and those of who lent it a hat."""
    return [by.key, *(hat.lender_key for hat in by.lent)]


def _asked_ever(rows: Iterable[Escalation]) -> dict[UUID, set[str]]:
    asked = {row.pk: {*row.asked_keys, row.holder_key} - {""} for row in rows}
    steps = EscalationStepRow.objects.filter(escalation__in=asked).values_list("escalation_id", "asked_keys")
    for escalation_id, keys in steps:
        asked[escalation_id].update(keys)
    return asked


def _asks(keys: list[str]) -> Q:
    condition = Q(pk__in=[])
    for key in keys:
        condition |= Q(asked_keys__contains=[key], holder_key="") | Q(holder_key=key)
    return condition


def _cards(rows: list[Escalation], by: Actor) -> list[EscalationCard]:
    names = names_of(key for row in rows for key in (*row.asked_keys, row.holder_key) if key)
    standing = [row for row in rows if row.state != Escalation.State.CLOSED]
    asked, keys = _asked_ever(standing), set(keys_of(by))
    decided = _decided(standing, by)
    answerable = {row.pk for row in standing if keys & asked[row.pk] or row.account_number in decided}
    return [_card(row, names, keys, row.pk in answerable) for row in rows]


def _decided(rows: Iterable[Escalation], by: Actor) -> set[str]:
    """Return the accounts of these escalations over which the actor decides ("": what is about none)."""
    if not by.may(Permission.DECIDE):
        return set()
    return org.list_visible({row.account_number for row in rows}, permission=Permission.DECIDE, by=by)


def _card(row: Escalation, names: dict[str, str], keys: set[str], may_answer: bool) -> EscalationCard:
    path = path_of(row)
    stands = row.state != Escalation.State.CLOSED
    return EscalationCard(
        escalation_id=row.pk,
        path=row.path,
        path_title=path.title,
        path_version=row.path_version,
        cause=row.cause,
        title=row.title,
        summary=row.summary,
        account_number=row.account_number,
        thread_id=row.thread_id,
        state=EscalationState(row.state),
        level=row.level + 1,
        levels=len(path.levels),
        at_top=row.level + 1 >= len(path.levels),
        urgent=path.levels[row.level].urgent,
        asked=tuple(names.get(key, key) for key in row.asked_keys),
        holder=names.get(row.holder_key, row.holder_key),
        raised_at=row.raised_at,
        next_level_at=row.next_level_at,
        acknowledged_at=row.acknowledged_at,
        closed_at=row.closed_at,
        reason=row.reason,
        mine=stands and (row.holder_key in keys if row.holder_key else bool(keys & set(row.asked_keys))),
        may_answer=may_answer,
        may_close=may_answer and path.closed_by_hand,
    )


def _step(row: EscalationStepRow, names: dict[str, str]) -> EscalationStep:
    kind = StepKind(row.kind)
    who = names.get(row.actor_key, row.actor_key)
    if row.for_key:
        who = f"{who} for {names.get(row.for_key, row.for_key)}"
    asked = tuple(names.get(key, key) for key in row.asked_keys)
    sentence = f"{who} {DOING[kind]}"
    if kind in (StepKind.RAISED, StepKind.MOVED, StepKind.REPEATED, StepKind.HANDED_BACK, StepKind.REASSIGNED):
        sentence += f": level {row.level + 1} asks {', '.join(asked) or 'nobody, for nobody is there'}"
    return EscalationStep(
        row.number, kind, row.level + 1, row.at, who, asked, sentence + (f". {row.reason}" if row.reason else ".")
    )
