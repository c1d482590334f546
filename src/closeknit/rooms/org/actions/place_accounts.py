"""Say where accounts belong, so that scope follows them."""

from collections.abc import Iterable

from django.db import transaction

from closeknit.kernel.actor import Actor, Place
from closeknit.kernel.errors import Invalid
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.models import AccountPlace

BATCH_ROWS = 5000


def place_accounts(places: Iterable[Place], *, by: Actor) -> int:
    """Put accounts where they belong now, in the caller's transaction; return how many there are in `places`.

    An account that moves takes its history along: from then on its new team sees all of it and the former team
    nothing. Needs the right to load data.
    """
    by.require(Permission.LOAD_DATA)
    rows = {
        p.account_number: AccountPlace(account_number=p.account_number, team_id=p.team_id, region=p.region)
        for p in places
    }
    if "" in rows:
        raise Invalid("A place needs an account number.", where="account_number", todo="Leave out rows of no account.")
    with transaction.atomic():
        AccountPlace.objects.bulk_create(
            [rows[number] for number in sorted(rows)],
            batch_size=BATCH_ROWS,
            update_conflicts=True,
            unique_fields=["account_number"],
            update_fields=["team", "region"],
        )
    return len(rows)
