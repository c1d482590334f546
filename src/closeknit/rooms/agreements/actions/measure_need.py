"""Turn a need into a parameter: what is measured, against which target, by which process, owned and watched by whom."""

import math
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.output import plain
from closeknit.rooms.agreements.actions.draft_contract import LONGEST_MINUTES
from closeknit.rooms.agreements.actions.state_need import need_to_change, record_step
from closeknit.rooms.agreements.contracts.needs import NeedParameter, NeedState, check_review, said
from closeknit.rooms.agreements.reads.needs import parameter_of, standing, version_of
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

_MOVABLE = (NeedState.STATED, NeedState.MEASURABLE, NeedState.AGREED, NeedState.PROMISED)
_TEXTS = {"process": "Say which process delivers it.", "control": "Say how it is watched."}
_WORDS = frozenset(("process", "control", "owner_key", "review_on"))


def measure_need(need_id: UUID, parameter: NeedParameter, *, by: Actor, at: datetime) -> None:
    """Say what a need comes to, or say it anew; it is to be agreed then. What is promised already stays promised.

    Raises:
        NotFound: for a need of an account out of sight.
        Invalid: for what could not be measured, owned, watched or reviewed.
        Conflict: for a need that was dropped, or that waits for a decision.
    """
    by.require(Permission.PROPOSE)
    with transaction.atomic():
        row = need_to_change(need_id, by=by)
        state = standing(row, version_of(row))
        if state not in _MOVABLE:
            raise Conflict(
                f"This need is {state}.", where="state", todo="State another need, or wait for the decision."
            )
        texts = {name: said(getattr(parameter, name), name, 300, todo) for name, todo in _TEXTS.items()}
        _check(parameter, at)
        owner_name = _owner_name(parameter.owner_key, row.account_number, by, at)
        before = parameter_of(row)
        row.state, row.moved_at = NeedState.MEASURABLE.value, at
        row.parameter = {name: value for name, value in plain(asdict(parameter)).items() if name not in _WORDS}
        row.process, row.control, row.review_on = texts["process"], texts["control"], parameter.review_on
        row.owner_key, row.owner_name = parameter.owner_key or by.key, owner_name
        row.agreed_with = ""
        row.save(
            update_fields=[
                *("state", "moved_at", "parameter", "process", "control", "review_on", "owner_key", "owner_name"),
                "agreed_with",
            ]
        )
        sentence = f"{{actor}} said what a need of {row.account_number} comes to: {parameter.sentence}."
        evidence = {
            "before": plain(asdict(before)) if before else None,
            "after": plain(asdict(parameter)) | {"owner_key": row.owner_key},
        }
        record_step(row, "need.measured", sentence, evidence, by=by)


def _check(parameter: NeedParameter, at: datetime) -> None:
    for where in ("operation", "service", "work_class"):
        text = getattr(parameter, where)
        if len(text) > 80 or not text.isprintable() or (where == "operation" and not text.strip()):
            raise Invalid(
                "Name the work in at most 80 plain letters.", where=where, todo="Such as an operation's name."
            )
    if not (math.isfinite(parameter.within_minutes) and 0 < parameter.within_minutes <= LONGEST_MINUTES):
        raise Invalid("A need is met within more than no time and at most a year.", where="within_minutes")
    if not (math.isfinite(parameter.target_share) and 0 < parameter.target_share <= 1):
        raise Invalid("A target is a share above 0 and at most the whole.", where="target_share", todo="Such as 0.98.")
    check_review(parameter.review_on, at)


def _owner_name(owner_key: str, account_number: str, by: Actor, at: datetime) -> str:
    if not owner_key or owner_key == by.key:
        return by.name
    people = org.list_people_who(Permission.READ_INTERNAL, account_number=account_number, at=at, by=org.system_actor())
    name = next((card.name for card in people if card.key == owner_key), None)
    if name is None:
        raise Invalid(
            "The owner is nobody who sees this account.", where="owner_key", todo="Name one of those who look after it."
        )
    return name
