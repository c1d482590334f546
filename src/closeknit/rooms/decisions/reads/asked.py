"""Whom a level of an escalation asks now."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from closeknit.rooms.decisions.contracts.escalations import Level
from closeknit.rooms.decisions.reads.on_duty import keys_on_duty
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, PersonCard


def chooser_for(account_number: str, at: datetime) -> Callable[[Level], Sequence[str]]:
    """Return the function that tells whom a level asks about an account at an instant, by key.

    Who is on duty in the level's calendar; where nobody is, everybody with its role; or its one person. Only people
    who may read decisions about the account are asked. Who is away is left out, in favour of those who stand in.
    """
    by = org.system_actor()
    able = {
        card.key: card
        for card in org.list_people_who(Permission.READ_DECISIONS, account_number=account_number, at=at, by=by)
    }
    away = org.list_absent(at=at, by=by)
    stand_ins: dict[str, list[str]] = {}
    for delegation in org.list_delegations(at=at, by=by):
        stand_ins.setdefault(delegation.lender_key, []).append(delegation.borrower_key)

    def present(keys: Iterable[str]) -> tuple[str, ...]:
        found = (k for key in keys for k in ([key] if key not in away else sorted(stand_ins.get(key, ()))))
        return tuple(dict.fromkeys(key for key in found if key in able and key not in away))

    def choose(level: Level) -> Sequence[str]:
        on_duty = present(keys_on_duty(level.calendar, at)) if level.calendar else ()
        return on_duty or present(_named(level, able.values()))

    return choose


def _named(level: Level, able: Iterable[PersonCard]) -> list[str]:
    """Return the people with a level's role, or its one person, also where only a stand-in could see the account."""
    if level.person:
        return [card.key for card in org.list_people(by=org.system_actor()) if card.username == level.person]
    return [card.key for card in able if level.role and level.role in card.roles]
