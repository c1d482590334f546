"""In which operations accounts are known by their work."""

from collections.abc import Iterable

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.models import WorkRow
from closeknit.rooms.sensing.reads.access import require_every_account


def operations_of_accounts(numbers: Iterable[str], *, by: Actor) -> dict[str, tuple[str, ...]]:
    """Return the operations in which work of each account was observed; who brought none is left out."""
    require_every_account(by)
    rows = WorkRow.objects.filter(account_number__in={number for number in numbers if number})
    found: dict[str, tuple[str, ...]] = {}
    for number, operation in (
        rows.values_list("account_number", "operation").distinct().order_by("account_number", "operation")
    ):
        found[number] = (*found.get(number, ()), operation)
    return found
