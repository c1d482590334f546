"""Tell people of clocks that run out, before they do, and note promises that broke: once for each, by account."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.utils.http import urlencode

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.rooms.agreements.contracts.clocks import ClockCard, ClockState
from closeknit.rooms.agreements.models import ClockBreach, ClockDay, ClockWarning
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
    new = _unknown(list_clocks(by=by, at=at, state=ClockState.AT_RISK, limit=MOST_CLOCKS), ClockWarning)
    for account_number, warned in sorted(new.items()):
        _warn(account_number, warned, by, at)
    return sum(len(warned) for warned in new.values())


def note_breaches(*, by: Actor, at: datetime) -> int:
    """Write promises that broke about open work into the ledger, each once, one line for each account; return how many.

    Running it again changes nothing. What broke and was done before anybody looked is found when adherence is computed.
    """
    by.require(Permission.LOAD_DATA)
    new = _unknown(list_clocks(by=by, at=at, state=ClockState.BREACHED, limit=MOST_CLOCKS), ClockBreach)
    for account_number, broken in sorted(new.items()):
        _note(account_number, broken, by, at)
    return sum(len(broken) for broken in new.values())


def _unknown(cards: Sequence[ClockCard], told: type[ClockWarning] | type[ClockBreach]) -> dict[str, list[ClockCard]]:
    """Return the clocks of which there is no row yet, by account."""
    keys = {card.work_key for card in cards}
    rows = told._default_manager.filter(work_key__in=keys).values_list("operation", "work_key", "measure")
    known = set(rows) if cards else set()
    new: dict[str, list[ClockCard]] = defaultdict(list)
    for card in cards:
        if (card.operation, card.work_key, card.measure.value) not in known:
            new[card.account_number].append(card)
    return new


def _warn(account_number: str, cards: Sequence[ClockCard], by: Actor, at: datetime) -> None:
    with transaction.atomic():
        thread_id = _thread(account_number, at)
        ClockWarning.objects.bulk_create(
            [ClockWarning(**_named(card), due_at=card.due_at or at, warned_at=at) for card in cards]
        )
        record_entry(_entry(account_number, cards, thread_id), by=by)
        _tell(account_number, cards, thread_id, by, at)


def _note(account_number: str, cards: Sequence[ClockCard], by: Actor, at: datetime) -> None:
    with transaction.atomic():
        thread_id = _thread(account_number, at)
        ClockBreach.objects.bulk_create(
            [
                ClockBreach(**_named(card), breached_at=card.breached_at or at, noted_at=at, thread_id=thread_id)
                for card in cards
            ]
        )
        record_entry(_breach_entry(account_number, cards, thread_id), by=by)


def _named(card: ClockCard) -> dict[str, str]:
    return {
        "operation": card.operation,
        "work_key": card.work_key,
        "measure": card.measure.value,
        "term_number": card.term_number,
        "account_number": card.account_number,
    }


def _thread(account_number: str, at: datetime) -> UUID:
    """Return the thread of the account's clocks of this day."""
    row, _ = ClockDay.objects.get_or_create(
        account_number=account_number, day=at.astimezone(UTC).date(), defaults={"thread_id": ids.new_id()}
    )
    return row.thread_id


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


def _breach_entry(account_number: str, cards: Sequence[ClockCard], thread_id: UUID) -> Entry:
    return Entry(
        thread_id=thread_id,
        kind="clocks.breached",
        subject=f"account:{account_number}"[:120],
        sentence=f"{len(cards)} promise{'s' * (len(cards) != 1)} to {account_number} broke.",
        account_number=account_number,
        evidence={
            "clocks": [
                {
                    "operation": c.operation,
                    "key": c.work_key,
                    "measure": c.measure.value,
                    "term": c.term_number,
                    "breached_at": c.breached_at,
                }
                for c in cards
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
