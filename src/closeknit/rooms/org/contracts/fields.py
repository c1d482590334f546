"""Which fields of a contract are more than public, said where the field is declared: `x: T | None = field(...)`."""

import dataclasses
from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

from closeknit.rooms.org.contracts.access import Sensitivity

MARK = "sensitivity"
Card = TypeVar("Card")

MONEY = {MARK: Sensitivity.MONEY}
PRICES = {MARK: Sensitivity.PRICES}
INTERNAL = {MARK: Sensitivity.INTERNAL}
PERSONAL = {MARK: Sensitivity.PERSONAL}
"""For `dataclasses.field(metadata=MONEY)`. A marked field must be able to be None, which is what others get."""


def sensitive_fields(contract: type) -> Mapping[Sensitivity, tuple[str, ...]]:
    """Return a contract's marked fields by what they ask for."""
    return _marked(contract)


@lru_cache
def _marked(contract: Hashable) -> Mapping[Sensitivity, tuple[str, ...]]:
    found: dict[Sensitivity, list[str]] = {}
    for each in dataclasses.fields(cast(Any, contract)):
        if MARK in each.metadata:
            found.setdefault(each.metadata[MARK], []).append(each.name)
    return {kind: tuple(names) for kind, names in found.items()}


def without(card: Card, hidden: Iterable[Sensitivity]) -> Card:
    """Return a card with None in the fields of these sensitivities."""
    marked: Mapping[Sensitivity, tuple[str, ...]] = sensitive_fields(type(card))
    blank: dict[str, Any] = {name: None for kind in hidden for name in marked.get(kind, ())}
    return dataclasses.replace(card, **blank) if blank else card  # type: ignore[type-var]
