"""Tell people of clocks that run out, before they do: once for each promise, gathered by account."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.http import urlencode

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.rooms.agreements.contracts.clocks import ClockCard, ClockState
from closeknit.rooms.agreements.models import ClockWarning
from closeknit.rooms.agreements.reads.clocks import list_clocks
from closeknit.rooms.decisions.actions.notify import notify_people
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, Role

MOST_CLOCKS = 100_000
MOST_NAMED = 5
TOLD = frozenset({Role.ACCOUNT_MANAGER, Role.SERVICE_LEAD})


def warn_of_clocks(*, by: Actor, at: datetime) -> int:
    """Warn of every clock at risk that nobody was told of; return how many. Running it again changes nothing.

    Its account's managers and the service leads get one notice for each account, however many clocks it is about.
    """
    by.require(Permission.LOAD_DATA)
    cards = list_clocks(by=by, at=at, state=ClockState.AT_RISK, limit=MOST_CLOCKS)
    told = set(ClockWarning.objects.values_list("operation", "work_key", "measure")) if cards else set()
    new: dict[str, list[ClockCard]] = defaultdict(list)
    for card in cards:
        if (card.operation, card.work_key, card.measure.value) not in told:
            new[card.account_number].append(card)
    for account_number, warned in sorted(new.items()):
        _warn(account_number, warned, by, at)
    return sum(len(warned) for warned in new.values())


def _warn(account_number: str, cards: Sequence[ClockCard], by: Actor, at: datetime) -> None:
    thread_id = ids.new_id()
    with transaction.atomic():
        ClockWarning.objects.bulk_create(
            [
                ClockWarning(
                    operation=card.operation,
                    work_key=card.work_key,
                    measure=card.measure.value,
                    term_number=card.term_number,
                    account_number=account_number,
                    due_at=card.due_at or at,
                    warned_at=at,
                )
                for card in cards
            ]
        )
        record_entry(_entry(account_number, cards, thread_id), by=by)
        _tell(account_number, cards, thread_id, by, at)


def _entry(account_number: str, cards: Sequence[ClockCard], thread_id: UUID) -> Entry:
    return Entry(
        thread_id=thread_id,
        kind="clocks.at-risk",
        subject=f"account:{account_number}"[:120],
        sentence=f"{_count(cards)} of {account_number} will run out; its people were told.",
        account_number=account_number,
        evidence={
            "clocks": [
                {"operation": c.operation, "key": c.work_key, "term": c.term_number, "due_at": c.due_at} for c in cards
            ]
        },
    )


def _tell(account_number: str, cards: Sequence[ClockCard], thread_id: UUID, by: Actor, at: datetime) -> None:
    people = org.list_people_who(Permission.READ_INTERNAL, account_number=account_number, at=at, by=by)
    named = [f"{c.operation} {c.work_key}: {c.promise}, due {c.due_at:%Y-%m-%d %H:%M} UTC" for c in cards[:MOST_NAMED]]
    rest = len(cards) - len(named)
    notify_people(
        to=[person.key for person in people if TOLD & set(person.roles)],
        cause=f"clocks:{account_number}"[:200],
        title=f"{account_number}: {_count(cards)} about to run out",
        body="\n".join([*named, *([f"and {rest} more"] if rest else [])]),
        link=f"/clocks/?{urlencode({'account': account_number})}",
        urgent=True,
        thread_id=thread_id,
        account_number=account_number,
        permission=Permission.READ_INTERNAL,
        by=by,
        at=at,
    )


def _count(cards: Sequence[ClockCard]) -> str:
    return f"{len(cards)} clock{'s' * (len(cards) != 1)}"
