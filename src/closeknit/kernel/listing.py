"""What an address asks of a list: which columns, sorted by which, which way."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import QueryDict

from closeknit.kernel.errors import Invalid

Card = TypeVar("Card")

BACKWARDS = "-"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list. What names the row `is_fixed`: it cannot be left out.

    `is_shown`: by default. `fields` are those of the list's table to take away that say what the column says.
    """

    name: str
    title: str
    is_fixed: bool = False
    is_sortable: bool = True
    is_number: bool = False
    is_shown: bool = True
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """The columns that a list has and shows, and its order. `sort` is as reads take it: "name", or "-name".

    `takes_shown`: of a table to take away, only what the shown columns say is asked for.
    """

    columns: tuple[Column, ...]
    shown: frozenset[str]
    sort: str
    takes_shown: bool = False

    @property
    def sorted_by(self) -> str:
        """The column's name, whichever way."""
        return self.sort.removeprefix(BACKWARDS)

    @property
    def is_descending(self) -> bool:
        """Whether the last comes first."""
        return self.sort.startswith(BACKWARDS)

    @property
    def sort_title(self) -> str:
        """The column's title, for a sentence."""
        return next((c.title.lower() for c in self.columns if c.name == self.sorted_by), self.sorted_by)

    def fields_of(self, header: Sequence[str]) -> list[str]:
        """Return which of a table's fields to hand out: all of them, unless only the shown columns were asked for."""
        if not self.takes_shown:
            return list(header)
        said = {field for column in self.columns if column.name in self.shown for field in column.fields}
        return [field for field in header if field in said]


def read_listing(query: QueryDict, columns: Sequence[Column], *, sort: str) -> Listing:
    """Return what the query asks of a list: its columns by `column`, its order by `sort`, and whether a table to take
    away holds no more than what is shown (`only=shown`).

    Columns that the list does not have are passed over; without any of its own it shows those that it shows by default.

    Raises:
        Invalid: it cannot be sorted by that.
    """
    known = {column.name for column in columns}
    asked = known.intersection(query.getlist("column")) or {column.name for column in columns if column.is_shown}
    asked |= {column.name for column in columns if column.is_fixed}
    chosen = query.get("sort") or sort
    listing = Listing(tuple(columns), frozenset(asked), chosen, takes_shown=query.get("only") == "shown")
    refuse_sort(chosen, [column.name for column in columns if column.is_sortable])
    return listing


def refuse_sort(sort: str, known: Sequence[str]) -> None:
    """Refuse an order that a list does not have."""
    if sort.removeprefix(BACKWARDS) not in known:
        todo = f"Use one of {', '.join(known)}; with {BACKWARDS} before it, the last comes first."
        raise Invalid("The list cannot be sorted by that.", where="sort", todo=todo)


def in_order(cards: Iterable[Card], values: Mapping[str, Callable[[Card], Any]], sort: str) -> list[Card]:
    """Return the cards of a short list sorted by one of these values. Ties stay as they came, None is last either way.

    Raises:
        Invalid: it cannot be sorted by that.
    """
    refuse_sort(sort, list(values))
    value = values[sort.removeprefix(BACKWARDS)]
    valued = [(value(card), card) for card in cards]
    known = [pair for pair in valued if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=sort.startswith(BACKWARDS))
    return [card for _, card in known] + [card for found, card in valued if found is None]
