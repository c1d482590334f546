"""Duties, their due dates and the evidence under them, as people read them."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from closeknit.kernel.actor import Actor, Lent
from closeknit.kernel.declared import declared
from closeknit.kernel.errors import NotFound
from closeknit.rooms.decisions.compute.duties import describe, next_due_on, read_rule, read_templates
from closeknit.rooms.decisions.contracts import (
    DutyCard,
    DutyTemplate,
    EvidencePart,
    OccurrenceCard,
    OccurrenceDetail,
    OccurrenceState,
)
from closeknit.rooms.decisions.models import Duty, DutyOccurrence
from closeknit.rooms.decisions.reads.timing import database_now
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import NEVER_LENT, Permission

EVIDENCE = "duty evidence"
ROLE = "role:"
TEMPLATES = Path(__file__).resolve().parents[1] / "policies" / "duties.yaml"


def list_duties(*, by: Actor, with_ended: bool = False) -> list[DutyCard]:
    """Return the duties that the actor may see: the own ones, or all for who reads the whole ledger."""
    rows = Duty.objects.filter(_owned(by)).order_by("name", "id")
    if not with_ended:
        rows = rows.filter(ended_at=None)
    names, found = _Names(), list(rows)
    _require_some(by, bool(found))
    return [_duty(row, names) for row in found]


def get_duty(duty_id: UUID, *, by: Actor) -> DutyCard:
    """Return one duty that the actor may see, or raise NotFound."""
    row = Duty.objects.filter(_owned(by)).filter(pk=duty_id).first()
    if row is None:
        _require_some(by, any_owned=False)
        raise NotFound("There is no such duty.", where=str(duty_id))
    return _duty(row, _Names())


def list_occurrences(
    *,
    by: Actor,
    states: Iterable[OccurrenceState] = (),
    duty_id: UUID | None = None,
    only_mine: bool = False,
    limit: int = 100,
) -> list[OccurrenceCard]:
    """Return due dates that the actor may see: open ones first, the longest overdue on top, then signed ones.

    `only_mine` keeps those that the actor may sign, by own right or by delegation.
    """
    now = database_now()
    open_rows = _occurrences(by).filter(signed_at=None).order_by("sign_by_at", "id")
    signed = _occurrences(by).exclude(signed_at=None).order_by("-signed_at", "id")
    if duty_id is not None:
        open_rows, signed = open_rows.filter(duty_id=duty_id), signed.filter(duty_id=duty_id)
    if only_mine:
        open_rows, signed = (rows.filter(owner_key__in=signing_keys(by)) for rows in (open_rows, signed))
    wanted, names = set(states) or set(OccurrenceState), _Names()
    rows = list(open_rows[:limit]) + (list(signed[:limit]) if OccurrenceState.SIGNED in wanted else [])
    _require_some(by, bool(rows) or bool(signing_keys(by) & _owners()))
    mine = signing_keys(by)
    cards = [_card(row, names, mine, now) for row in rows]
    return [card for card in cards if card.state in wanted][:limit]


def count_open_occurrences(*, by: Actor) -> int:
    """Return how many due dates wait for the actor's signature."""
    return DutyOccurrence.objects.filter(signed_at=None, owner_key__in=signing_keys(by)).count()


def get_occurrence(occurrence_id: UUID, *, by: Actor) -> OccurrenceDetail:
    """Return one due date with its evidence, as far as the actor sees the accounts in it; or raise NotFound."""
    row = _occurrences(by).filter(pk=occurrence_id).first()
    if row is None:
        _require_some(by, any_owned=False)
        raise NotFound("There is no such due date.", where=str(occurrence_id))
    kept = json.loads(bytes(row.evidence))["parts"] if row.evidence else []
    return OccurrenceDetail(
        card=_card(row, _Names(), signing_keys(by), database_now()),
        about=row.duty.about,
        since_at=row.since_at,
        evidence=tuple(_visible_part(part, by) for part in kept),
    )


def list_duty_templates(*, by: Actor) -> list[DutyTemplate]:
    """Return the duties as shipped."""
    _require_some(by, any_owned=False)
    return list(shipped_templates().values())


def list_evidence_queries(*, by: Actor) -> dict[str, str]:
    """Return the queries that a duty can have attached: name and title."""
    _require_some(by, any_owned=False)
    return {name: query.title for name, query in sorted(declared(EVIDENCE).items())}


@cache
def shipped_templates() -> Mapping[str, DutyTemplate]:
    """Return the templates of the room's own file, by key."""
    return read_templates(TEMPLATES.read_text(encoding="utf-8"))


def find_hat(owner_key: str, *, by: Actor) -> tuple[bool, Lent | None]:
    """Tell whether the actor may sign what an owner owns, and under whose hat: None for its own.

    A delegation counts where it lends all that the lender can lend: part of someone's rights is not their signature.
    """
    if owner_key == by.key or owner_key.removeprefix(ROLE) in by.roles:
        return True, None
    for hat in by.lent:
        if owner_key in _keys_lent(hat):
            return True, hat
    return False, None


def signing_keys(by: Actor) -> set[str]:
    """Return every owner for whom the actor may sign: itself, its roles, and those of whole delegations."""
    keys = {by.key, *(f"{ROLE}{role}" for role in by.roles)}
    for hat in by.lent:
        keys |= _keys_lent(hat)
    return keys


def _keys_lent(hat: Lent) -> set[str]:
    try:
        lender = org.get_actor(hat.lender_key)
    except NotFound:
        return set()
    is_whole = lender.permissions - NEVER_LENT <= hat.permissions
    return {lender.key, *(f"{ROLE}{role}" for role in lender.roles)} if is_whole else set()


def sees_every_duty(by: Actor) -> bool:
    """Tell whether the actor reads duties that are not its own: as the whole ledger, over every account."""
    return by.scope_of(Permission.READ_LEDGER).every_account


def _owned(by: Actor) -> Q:
    return Q() if sees_every_duty(by) else Q(owner_key__in=signing_keys(by))


def _occurrences(by: Actor) -> "QuerySet[DutyOccurrence]":
    return DutyOccurrence.objects.select_related("duty").filter(_owned(by)).defer("evidence", "duty__rule")


def _owners() -> set[str]:
    return set(Duty.objects.filter(ended_at=None).values_list("owner_key", flat=True))


def _require_some(by: Actor, any_owned: bool) -> None:
    if not any_owned and not sees_every_duty(by):
        by.require(Permission.READ_DECISIONS)


class _Names:
    """Names of owners, each looked up once."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def of(self, owner_key: str) -> str:
        if owner_key.startswith(ROLE):
            return f"role {owner_key.removeprefix(ROLE)}"
        if owner_key not in self._found:
            try:
                self._found[owner_key] = org.get_actor(owner_key).name
            except NotFound:
                self._found[owner_key] = "someone who left"
        return self._found[owner_key]


def _duty(row: Duty, names: _Names) -> DutyCard:
    rule = read_rule(row.rule)
    return DutyCard(
        duty_id=row.pk,
        name=row.name,
        about=row.about,
        owner=row.owner_key,
        owner_name=names.of(row.owner_key),
        rule=rule,
        rhythm=describe(rule),
        evidence=tuple(row.evidence),
        statement=row.statement,
        template=row.template,
        starts_on=row.starts_on,
        next_due_on=_next(row) if row.ended_at is None else None,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        thread_id=row.thread_id,
    )


def _next(row: Duty) -> date:
    return next_due_on(read_rule(row.rule), row.generated_through)


def _card(row: DutyOccurrence, names: _Names, mine: set[str], now: datetime) -> OccurrenceCard:
    late = OccurrenceState.OVERDUE if row.sign_by_at <= now else OccurrenceState.DUE
    return OccurrenceCard(
        occurrence_id=row.pk,
        duty_id=row.duty_id,
        name=row.duty.name,
        owner=row.owner_key,
        owner_name=names.of(row.owner_key),
        due_on=row.due_on,
        due_at=row.due_at,
        sign_by_at=row.sign_by_at,
        state=OccurrenceState.SIGNED if row.signed_at else late,
        may_sign=row.signed_at is None and row.gathered_at is not None and row.owner_key in mine,
        statement=row.duty.statement,
        evidence_sha256=row.evidence_sha256,
        gathered_at=row.gathered_at,
        signed_by=row.signed_by_name,
        signed_for=row.signed_for_name,
        signed_at=row.signed_at,
        remark=row.remark,
        thread_id=row.thread_id,
    )


def _visible_part(part: Mapping[str, Any], by: Actor) -> EvidencePart:
    rows = part["rows"]
    numbers = {row["account_number"] for row in rows if row.get("account_number")}
    visible = org.list_visible(numbers, by=by)
    shown = tuple(row for row in rows if not row.get("account_number") or row["account_number"] in visible)
    return EvidencePart(
        part["name"], part["title"], tuple(part["columns"]), shown, len(rows) - len(shown), part["failure"]
    )
