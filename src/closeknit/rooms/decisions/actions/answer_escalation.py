"""People answer an escalation: take it on, hand it back, give it to someone by name, close it."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.decisions.actions.take_step import Taking, take_step
from closeknit.rooms.decisions.compute import escalations as compute
from closeknit.rooms.decisions.compute.escalations import Step
from closeknit.rooms.decisions.models import Escalation
from closeknit.rooms.decisions.reads import timing
from closeknit.rooms.decisions.reads.asked import chooser_for
from closeknit.rooms.decisions.reads.escalations import acts_for, keys_of, path_of, standing_of, visible_escalations
from closeknit.rooms.decisions.reads.names import names_of
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission


def acknowledge_escalation(escalation_id: UUID, *, reason: str = "", by: Actor, at: datetime) -> None:
    """Take an escalation on: its clock stops for the path's hold time, so that it cannot be buried.

    Refuses who was not asked and may not decide about the account, and what another has already taken on.
    """

    def step(row: Escalation, now: datetime) -> Step:
        if row.state != Escalation.State.OPEN:
            raise Conflict(
                f"{_name(row.holder_key)} has taken it on.", where=str(row.pk), todo="Speak with each other."
            )
        return compute.acknowledge(path_of(row), standing_of(row), by.key, now)

    _answer(escalation_id, step, reason, by, at)


def hand_back_escalation(escalation_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Give back what was taken on, with a reason: others of the level are asked, else the next level at once."""
    _require_reason(reason)

    def step(row: Escalation, now: datetime) -> Step:
        if row.state != Escalation.State.ACKNOWLEDGED:
            raise Conflict("Nobody has taken it on.", where=str(row.pk), todo="Acknowledge it first, or reassign it.")
        if row.holder_key not in keys_of(by) and not _may_decide(row, by):
            raise Denied(
                f"{_name(row.holder_key)} has taken it on.", where=str(row.pk), todo="Ask them to hand it back."
            )
        choose = chooser_for(row.account_number, now)
        return compute.hand_back(path_of(row), standing_of(row), row.holder_key, choose, now)

    _answer(escalation_id, step, reason, by, at)


def reassign_escalation(escalation_id: UUID, *, to: str, reason: str, by: Actor, at: datetime) -> None:
    """Give an escalation to one person (by user name), with a reason; the level's timer begins anew.

    Refuses a person who may not read decisions about the account, or who is away.
    """
    _require_reason(reason)

    def step(row: Escalation, now: datetime) -> Step:
        return compute.reassign(path_of(row), standing_of(row), _key_of(to, row, now), now)

    _answer(escalation_id, step, reason, by, at)


def close_escalation_by_hand(escalation_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Close what a person has settled, with a reason. Refuses paths that only the end of their cause closes."""
    _require_reason(reason)

    def step(row: Escalation, now: datetime) -> Step:  # noqa: ARG001 - as the others
        if not path_of(row).closed_by_hand:
            raise Conflict(
                "This closes by itself when its cause is gone.", where=str(row.pk), todo="Settle what it is about."
            )
        return compute.close(standing_of(row))

    _answer(escalation_id, step, reason, by, at)


def _answer(
    escalation_id: UUID, step: Callable[[Escalation, datetime], Step], reason: str, by: Actor, at: datetime
) -> None:
    with transaction.atomic():
        row = _lock_visible(escalation_id, by)
        for_key = _require_answer(row, by)
        now = timing.database_now()
        take_step(row, step(row, now), Taking(at, now, reason.strip(), for_key), by=by)


def _lock_visible(escalation_id: UUID, by: Actor) -> Escalation:
    """Return an escalation that the actor may see, locked; NotFound otherwise, Conflict where it is closed."""
    row = visible_escalations(by).select_for_update().filter(pk=escalation_id).first()
    if row is None:
        raise NotFound("There is no such escalation.", where=str(escalation_id))
    if row.state == Escalation.State.CLOSED:
        raise Conflict("This escalation is closed.", where=str(escalation_id), todo="Look at its thread.")
    return row


def _require_answer(row: Escalation, by: Actor) -> str:
    """Return for whom the actor answers ("" for itself), or refuse."""
    for_key = acts_for(row, by)
    if for_key is None:
        raise Denied(
            f"{by.name} was not asked.", where=str(row.pk), todo="Who was asked, or who may decide, can answer this."
        )
    return for_key


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("This needs a reason.", where="reason", todo="Say why, in a sentence.")


def _may_decide(row: Escalation, by: Actor) -> bool:
    return by.may_at(Permission.DECIDE, org.place_of(row.account_number))


def _key_of(username: str, row: Escalation, now: datetime) -> str:
    system = org.system_actor()
    able = org.list_people_who(Permission.READ_DECISIONS, account_number=row.account_number, at=now, by=system)
    card = next((card for card in able if card.username == username.strip()), None)
    if card is None:
        raise Invalid(
            f"Nobody who signs in as {username.strip()!r} may read decisions about this.",
            where="to",
            todo="Choose someone who looks after the account.",
        )
    if card.key in org.list_absent(at=now, by=system):
        raise Conflict(f"{card.name} is away.", where="to", todo="Choose another person.")
    return card.key


def _name(key: str) -> str:
    return names_of([key]).get(key, "Someone")
