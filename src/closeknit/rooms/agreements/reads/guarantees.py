"""Which capacity is guaranteed, to whom, in which days."""

from datetime import date

from django.db.models import Q

from closeknit.kernel.actor import Actor
from closeknit.rooms.agreements.contracts.deals import ContractState, GuaranteeKind
from closeknit.rooms.agreements.contracts.guarantees import HeldReady
from closeknit.rooms.agreements.models import ContractVersion
from closeknit.rooms.agreements.reads.contracts import contract_of
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import visible_account_numbers


def held_ready(operation: str, on: date, *, until: date, by: Actor) -> tuple[HeldReady, ...]:
    """Return the hours that contracts with accounts guarantee on any day from `on` to before `until`, in a fixed order.

    Of the accounts that the actor may see; under the number that each stands for now.
    """
    by.require(Permission.READ_ACCOUNTS)
    by.require(Permission.READ_INTERNAL)
    rows = (
        ContractVersion.objects.filter(Q(ends_on=None) | Q(ends_on__gt=on), starts_on__lt=until)
        .filter(state=ContractState.SIGNED.value)
        .exclude(account_number="")
        .exclude(guarantees=[])
        .order_by("contract_number", "starts_on", "version")
    )
    if not by.scope_of(Permission.READ_INTERNAL).every_account:
        rows = rows.filter(account_number__in=visible_account_numbers(by, Permission.READ_INTERNAL))
    golden = customers.golden_numbers(by=by, at=None)
    return tuple(
        HeldReady(
            card.contract_number,
            card.version,
            golden.get(card.account_number, card.account_number),
            operation,
            said.service,
            said.amount,
            card.starts_on,
            card.ends_on,
        )
        for card in map(contract_of, rows)
        for said in card.guarantees
        if said.kind is GuaranteeKind.HOURS_PER_WEEK and said.operation == operation
    )
