"""Write down who answers for which data, and what departments get of it: org stands below the ledger."""

from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import StewardCard, StewardChanged


def record_steward_change(event: StewardChanged, *, by: Actor) -> None:
    """Record that someone answers for data from a time on, or until one. Persons stand there by their keys."""
    system = org.system_actor()
    card = org.get_stewardship(event.stewardship_id, by=system)
    before = org.get_stewardship(event.before_id, by=system).person_key if event.before_id else None
    entry = Entry(
        thread_id=event.thread_id,
        kind="steward.ended" if event.is_ended else "steward.appointed",
        subject=f"data:{card.domain}.{card.field}".rstrip("."),
        sentence=_ended(card) if event.is_ended else _appointed(card, before),
        evidence={
            "stewardship_id": card.stewardship_id,
            "domain": card.domain,
            "field": card.field,
            "level": card.level.value,
            "place": card.place,
            "person": card.person_key,
            "before": before,
            "starts_at": card.starts_at,
            "ends_at": card.ends_at,
            "reason": card.end_reason if event.is_ended else card.reason,
        },
    )
    record_entry(entry, by=by)


def record_department_sharing(rule_id: int, *, is_ended: bool, thread_id: UUID, by: Actor) -> None:
    """Record that a department gets fields no more, or again."""
    card = org.get_sharing_rule(rule_id, by=org.system_actor())
    what = f"{card.domain}.{card.field}" if card.field else f"what is more than public of {card.domain}"
    kept = f"{{actor}} kept {what} from {card.department}, from {card.starts_at:%d %b %Y %H:%M} UTC on. {card.reason}"
    entry = Entry(
        thread_id=thread_id,
        kind="sharing.restored" if is_ended else "sharing.withheld",
        subject=f"data:{card.domain}.{card.field}".rstrip("."),
        sentence=f"{{actor}} shared {what} with {card.department} again. {card.end_reason}" if is_ended else kept,
        evidence={
            "rule_id": card.rule_id,
            "domain": card.domain,
            "field": card.field,
            "department": card.department.value,
            "starts_at": card.starts_at,
            "ends_at": card.ends_at,
            "reason": card.end_reason if is_ended else card.reason,
        },
    )
    record_entry(entry, by=by)


def _ended(card: StewardCard) -> str:
    return f"{{actor}} ended that {card.person_key} answers for {card.subject}. {card.end_reason}"


def _appointed(card: StewardCard, before: str | None) -> str:
    instead = f" instead of {before}" if before and before != card.person_key else ""
    until = f" until {card.ends_at:%d %b %Y %H:%M} UTC" if card.ends_at else ""
    since = f"from {card.starts_at:%d %b %Y %H:%M} UTC on{until}"
    return f"{{actor}} had {card.person_key} answer for {card.subject}{instead}, {since}. {card.reason}"
