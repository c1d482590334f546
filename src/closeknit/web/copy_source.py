"""What an anonymised copy is made from: accounts and their work, gathered from the rooms that have them."""

import numpy as np

from closeknit.kernel.actor import Actor
from closeknit.rooms.privacy.contracts.copies import CopyAccount, CopySource, CopyWork

MOST_ACCOUNTS = 1_000_000


def gather(operation: str, *, by: Actor) -> CopySource:
    """Return accounts and work of one operation, as far as the actor may see them."""
    from closeknit.rooms.customers import reads as customers
    from closeknit.rooms.sensing import reads as sensing

    span = sensing.get_operation(operation, by=by)
    rows = sensing.list_work_rows(operation, zone=span.time_zone, by=by)
    cards = {card.account_number: card for card in customers.list_accounts(by=by, limit=MOST_ACCOUNTS)}
    numbers = sorted({row[0] for row in rows} & cards.keys())
    index = {number: place for place, number in enumerate(numbers)}
    kept = [row for row in rows if row[0] in index]
    services, regions = (tuple(sorted({row[column] for row in kept})) for column in (2, 3))
    codes = ({name: code for code, name in enumerate(names)} for names in (services, regions))
    service_of, region_of = codes
    accounts = [
        CopyAccount(c.account_number, c.name, c.tier.value, c.region, c.jurisdiction, c.team)
        for c in (cards[number] for number in numbers)
    ]
    work = CopyWork(
        account=np.array([index[row[0]] for row in kept], dtype=np.int64),
        minute=np.array([row[1] for row in kept], dtype=np.int64),
        service=np.array([service_of[row[2]] for row in kept], dtype=np.int64),
        region=np.array([region_of[row[3]] for row in kept], dtype=np.int64),
        quantity=np.array([row[4] for row in kept], dtype=np.float64),
        amount=np.array([row[5] for row in kept], dtype=np.float64),
        services=services,
        regions=regions,
        currency=next((row[6] for row in kept if row[6]), ""),
    )
    return CopySource(operation, span.time_zone, accounts, work)


def list_account_numbers(*, by: Actor) -> list[str]:
    """Return the number of every account that the actor may see."""
    from closeknit.rooms.customers import reads as customers

    return [key.account_number for key in customers.list_account_keys(by=by)]
