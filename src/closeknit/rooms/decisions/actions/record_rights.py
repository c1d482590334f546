"""Write down who may do what: org stands below the ledger, so its news is recorded here, in the words of its rows."""

from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import DelegationCard, Rights, RightsChange


def record_rights_change(change_id: UUID, *, thread_id: UUID, by: Actor) -> None:
    """Record that a person's rights are others now. Persons stand in the ledger by their keys, never by name."""
    change = org.get_rights_change(change_id, by=org.system_actor())
    entry = Entry(
        thread_id=thread_id,
        kind="rights.changed" if change.before else "person.created",
        subject=change.person_key,
        sentence=_change_sentence(change),
        evidence={
            "change_id": str(change_id),
            "before": _evidence(change.before) if change.before else None,
            "after": _evidence(change.after),
            "reason": change.reason,
        },
    )
    record_entry(entry, by=by)


def record_delegation(delegation_id: UUID, *, is_ended: bool, thread_id: UUID, by: Actor) -> None:
    """Record that rights were lent, or that the loan ended before its time."""
    card = org.get_delegation(delegation_id, by=org.system_actor())
    entry = Entry(
        thread_id=thread_id,
        kind="delegation.ended" if is_ended else "delegation.began",
        subject=card.lender_key,
        sentence=_ended_sentence(card) if is_ended else _began_sentence(card),
        evidence={
            "delegation_id": str(delegation_id),
            "lender": card.lender_key,
            "borrower": card.borrower_key,
            "permissions": None if card.permissions is None else [str(p) for p in card.permissions],
            "starts_at": card.starts_at,
            "ends_at": card.ends_at,
            "ended_at": card.ended_at if is_ended else None,
            "reason": card.reason,
        },
    )
    record_entry(entry, by=by)


def record_absence(absence_id: UUID, *, thread_id: UUID, by: Actor) -> None:
    """Record that someone is away, or is back early. The reason stays in org: it is nobody else's business."""
    card = org.get_absence(absence_id, by=org.system_actor())
    span = f"from {card.starts_at:%d %b %Y %H:%M} to {card.ends_at:%d %b %Y %H:%M} UTC"
    said = (
        f"{card.person_key} is back, who was to be away {span}."
        if card.ended_at
        else f"{card.person_key} is away {span}."
    )
    entry = Entry(
        thread_id=thread_id,
        kind="absence.ended" if card.ended_at else "absence.reported",
        subject=card.person_key,
        sentence=f"{{actor}} reported: {said}",
        evidence={
            "absence_id": str(absence_id),
            "starts_at": card.starts_at,
            "ends_at": card.ends_at,
            "ended_at": card.ended_at,
        },
    )
    record_entry(entry, by=by)


def record_token(person_key: str, label: str, *, is_revoked: bool, thread_id: UUID, by: Actor) -> None:
    """Record that a program may act for a person, or no more."""
    entry = Entry(
        thread_id=thread_id,
        kind="token.revoked" if is_revoked else "token.issued",
        subject=person_key,
        sentence=f"{{actor}} {'revoked' if is_revoked else 'issued'} an API token of {person_key}: {label}.",
        evidence={"person": person_key, "label": label},
    )
    record_entry(entry, by=by)


def record_refusal(work: str, actor_key: str, where: str, *, thread_id: UUID, by: Actor) -> None:
    """Record that a background step was refused, because whoever asked for it has not the right to it now."""
    step = work.rpartition(":")[2].replace("_", " ")
    entry = Entry(
        thread_id=thread_id,
        kind="work.refused",
        subject=actor_key,
        sentence=f"Refused to go on for {actor_key} ({step}): {where} is not, or no longer, among its rights.",
        evidence={"work": work, "actor": actor_key, "where": where},
    )
    record_entry(entry, by=by)


def _change_sentence(change: RightsChange) -> str:
    now = _words(change.after)
    if change.before is None:
        return f"{{actor}} let {change.person_key} sign in: {now}. {change.reason}".strip()
    if change.before.is_active and not change.after.is_active:
        return f"{{actor}} shut {change.person_key} out. {change.reason}"
    if change.after.is_active and not change.before.is_active:
        return f"{{actor}} let {change.person_key} in again: {now}. {change.reason}"
    return f"{{actor}} changed the rights of {change.person_key} from {_words(change.before)} to {now}. {change.reason}"


def _words(rights: Rights) -> str:
    roles = " and ".join(str(role) for role in rights.roles) or "no role"
    places = ", ".join(grant.sentence for grant in rights.grants)
    return f"{roles}, granted {places}" if places else roles


def _evidence(rights: Rights) -> dict[str, object]:
    return {
        "roles": [str(role) for role in rights.roles],
        "grants": [[g.team, g.region, g.account_number] for g in rights.grants],
        "is_active": rights.is_active,
    }


def _began_sentence(card: DelegationCard) -> str:
    what = "all that can be lent" if card.permissions is None else ", ".join(str(p) for p in card.permissions)
    span = f"from {card.starts_at:%d %b %Y %H:%M} to {card.ends_at:%d %b %Y %H:%M} UTC"
    return f"{{actor}} had {card.lender_key} lend {card.borrower_key} {what}, {span}. {card.reason}"


def _ended_sentence(card: DelegationCard) -> str:
    return f"{{actor}} ended early what {card.lender_key} lent {card.borrower_key}."
