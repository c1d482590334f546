"""Pages of a long list in any order, without reading the rows before: after a row, by its value and its key."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import Combinable

from closeknit.kernel.errors import Invalid

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Order:
    """An order of rows: a column or an expression over it.

    `may_lack`: a row may have no value; such rows come last either way. `ties_turned`: rows of one value go the other
    way than the values do (kinds from A to Z, of each the latest first), as an index over (value, key descending) has
    them.
    """

    value: str | Combinable
    may_lack: bool = False
    ties_turned: bool = False


def page_after(
    rows: QuerySet[Row],
    order: Order,
    *,
    key: str,
    after: str,
    of: QuerySet[Any],
    limit: int,
    descending: bool = False,
) -> list[Row]:
    """Return at most `limit` rows in an order, from behind the row with the key `after` on; from the first where empty.

    `key` is a unique column that settles ties; `of` are the rows among which `after` is looked up: those that the
    reader may see, also where the list's own filters leave it out. Each query begins at its place in the index
    over (value, key): the rest of the rows of one value, then those beyond it, then those without any.

    Raises:
        Invalid: there is no such row to go on from.
    """
    ties_descend = descending != order.ties_turned
    next_key = Q(**{f"{key}__{'lt' if ties_descend else 'gt'}": _read_key(of, key, after)}) if after else Q()
    by_key = f"{'-' if ties_descend else ''}{key}"
    if order.value == key:
        # The key itself is the order: then one that is no row's has its place too.
        return list(rows.filter(next_key).order_by(by_key)[:limit])
    by = F(order.value) if isinstance(order.value, str) else order.value
    # An index over (value, key) serves both ways, but only where no row lacks the value.
    last = {"nulls_last": True} if order.may_lack else {}
    sorting = F("sorted_by").desc(**last) if descending else F("sorted_by").asc(**last)
    ordered: QuerySet[Any] = rows.annotate(sorted_by=by).order_by(sorting, by_key)
    found: list[Row] = []
    for stretch in _stretches(of.annotate(sorted_by=by), order, key, after, next_key, descending):
        if len(found) < limit:
            found += ordered.filter(stretch)[: limit - len(found)]
    return found


def _stretches(of: QuerySet[Any], order: Order, key: str, after: str, next_key: Q, descending: bool) -> Iterator[Q]:
    """The conditions of what is left of a list, in its order: one alone would not begin at its place in the index."""
    if not after:
        yield Q()
        return
    at = of.filter(**{key: after}).values_list("sorted_by").first()
    if at is None:
        raise Invalid("The list cannot go on from a row that is not there.", where="after", todo="Start over.")
    if at[0] is None:
        yield Q(sorted_by__isnull=True) & next_key
        return
    yield Q(sorted_by=at[0]) & next_key
    yield Q(**{f"sorted_by__{'lt' if descending else 'gt'}": at[0]})
    if order.may_lack:
        yield Q(sorted_by__isnull=True)


def _read_key(of: QuerySet[Any], key: str, after: str) -> Any:
    try:
        return of.model._meta.get_field(key).to_python(after)
    except ValidationError:
        refusal = "The list cannot go on from that."
        raise Invalid(refusal, where="after", todo="Start over, or give a row's key.") from None
