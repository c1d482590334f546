"""What an address asks of a list: which columns, sorted by which, which way."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict

from closeknit.kernel.errors import Invalid

BACKWARDS = "-"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list. What names the row `is_fixed`: it cannot be left out."""

    name: str
    title: str
    is_fixed: bool = False
    is_sortable: bool = True
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """The columns that a list has and shows, and its order. `sort` is as reads take it: "name", or "-name"."""

    columns: tuple[Column, ...]
    shown: frozenset[str]
    sort: str

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


def read_listing(query: QueryDict, columns: Sequence[Column], *, sort: str) -> Listing:
    """Return what the query asks of a list: its columns by `column`, its order by `sort`.

    Columns that the list does not have are passed over; without any of its own it shows them all.

    Raises:
        Invalid: it cannot be sorted by that.
    """
    known = {column.name for column in columns}
    asked = known.intersection(query.getlist("column")) or known
    asked |= {column.name for column in columns if column.is_fixed}
    chosen = query.get("sort") or sort
    listing = Listing(tuple(columns), frozenset(asked), chosen)
    refuse_sort(chosen, [column.name for column in columns if column.is_sortable])
    return listing


def refuse_sort(sort: str, known: Sequence[str]) -> None:
    """Refuse an order that a list does not have."""
    if sort.removeprefix(BACKWARDS) not in known:
        todo = f"Use one of {', '.join(known)}; with {BACKWARDS} before it, the last comes first."
        raise Invalid("The list cannot be sorted by that.", where="sort", todo=todo)
