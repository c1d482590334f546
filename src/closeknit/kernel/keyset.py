"""Pages of a long list in any order, without reading the rows before: after a row, by its value and its key."""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import Combinable

from closeknit.kernel.errors import Invalid

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Order:
    """An order of rows: a column or an expression over it, and whether a row may have none (such rows come last)."""

    value: str | Combinable
    may_lack: bool = False


def rows_after(
    rows: QuerySet[Row], order: Order, *, key: str, after: str, of: QuerySet[Any], descending: bool = False
) -> QuerySet[Row]:
    """Return the rows in an order, from behind the row with the key `after` on, or all of them where that is empty.

    `key` is a unique column that settles ties; `of` are the rows among which `after` is looked up: those that the
    reader may see, also where the list's own filters leave it out.

    Raises:
        Invalid: there is no such row to go on from.
    """
    beyond, way = ("lt", "-") if descending else ("gt", "")
    if order.value == key:
        # The key itself is the order: then one that is no row's has its place too.
        return (rows.filter(**{f"{key}__{beyond}": after}) if after else rows).order_by(f"{way}{key}")
    by = F(order.value) if isinstance(order.value, str) else order.value
    ordered: QuerySet[Any] = rows.annotate(sorted_by=by)
    if after:
        found = of.annotate(sorted_by=by).filter(**{key: after}).values_list("sorted_by").first()
        if found is None:
            raise Invalid("The list cannot go on from a row that is not there.", where="after", todo="Start over.")
        ordered = ordered.filter(_behind(found[0], order, Q(**{f"{key}__{beyond}": after}), beyond))
    # An index over (value, key) serves both ways, but only where no row lacks the value.
    last = {"nulls_last": True} if order.may_lack else {}
    sorting = F("sorted_by").desc(**last) if descending else F("sorted_by").asc(**last)
    return ordered.order_by(sorting, f"{way}{key}")


def _behind(value: Any, order: Order, next_key: Q, beyond: str) -> Q:
    if value is None:
        return Q(sorted_by__isnull=True) & next_key
    further = Q(**{f"sorted_by__{beyond}": value}) | Q(sorted_by=value) & next_key
    if order.may_lack:
        return further | Q(sorted_by__isnull=True)
    # Said twice, so that the database begins there: it does not see the bound inside the alternative.
    return Q(**{f"sorted_by__{beyond}e": value}) & further
