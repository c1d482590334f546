"""Blank the fields of cards that an actor may not read: for pages, API, exports and commands alike."""

import dataclasses
import operator
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from closeknit.kernel.actor import Actor
from closeknit.rooms.org.contracts import NEEDED_FOR, Permission, Sensitivity
from closeknit.rooms.org.contracts.fields import sensitive_fields, without
from closeknit.rooms.org.contracts.stewards import domains_of
from closeknit.rooms.org.reads.scope import list_visible

Card = TypeVar("Card")


def redact(
    cards: Iterable[Card],
    *,
    by: Actor,
    account_of: Callable[[Any], str] | None = operator.attrgetter("account_number"),
    seen_by: str = Permission.READ_ACCOUNTS,
) -> list[Card]:
    """Return cards of one kind, with None in each field whose sensitivity the actor may not read at the card's account.

    `account_of` is None for cards of no account. `seen_by` is the permission whose scope chose the cards: a card of no
    account shows a field to who may read that over the same accounts, so never by a right over fewer.
    """
    found = list(cards)
    if not found:
        return found
    found = _unshared(found, by)
    kinds = sensitive_fields(type(found[0]))
    numbers_of = [account_of(card) if account_of else "" for card in found]
    seen = {kind: _shown(kind, numbers_of, by, seen_by) for kind in kinds}
    if all(numbers is None for numbers in seen.values()):
        return found
    return [
        without(card, [kind for kind, shown in seen.items() if shown is not None and number not in shown])
        for card, number in zip(found, numbers_of, strict=True)
    ]


def _unshared(cards: list[Card], by: Actor) -> list[Card]:
    """Blank what the actor's department does not get of these cards' domains."""
    if not by.withheld:
        return cards
    card = type(cards[0])
    room = card.__module__.removeprefix("closeknit.rooms.").partition(".")[0]
    blank: dict[str, Any] = {
        name: None
        for kind, names in sensitive_fields(card).items()
        for name in names
        for domain in domains_of(room, kind)
        if {f"{domain}.", f"{domain}.{name}"} & by.withheld
    }
    return [dataclasses.replace(each, **blank) for each in cards] if blank else cards  # type: ignore[type-var]


def _shown(kind: Sensitivity, account_numbers: Iterable[str], by: Actor, seen_by: str) -> set[str] | None:
    """Return the accounts whose fields of a kind show, or None where those of all cards do."""
    needed = NEEDED_FOR[kind]
    scope = by.scope_of(needed)
    if scope.every_account or (by.may(needed) and scope == by.scope_of(seen_by)):
        return None
    if not by.may(needed):
        return set()
    return list_visible(set(account_numbers) - {""}, permission=needed, by=by)
