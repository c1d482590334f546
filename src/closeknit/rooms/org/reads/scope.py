"""Which accounts an actor may see: the one SQL filter for every room, and where an account belongs."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from closeknit.kernel.actor import Actor, Grant, Place, Scope
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.models import AccountPlace


def visible_account_numbers(by: Actor, permission: str = Permission.READ_ACCOUNTS) -> "QuerySet[AccountPlace, str]":
    """Return the accounts over which the actor holds a permission, as a subquery for `account_number__in=...`.

    Skip it where `by.scope_of(permission).every_account`: rows that name an account not known yet, or none, are for
    who sees every account.
    """
    return _covered(by.scope_of(permission)).values_list("account_number", flat=True)


def list_visible(account_numbers: Iterable[str], *, permission: str = Permission.READ_ACCOUNTS, by: Actor) -> set[str]:
    """Return which of these accounts the actor holds a permission over. Refuses who holds it nowhere."""
    by.require(permission)
    wanted = set(account_numbers)
    if by.scope_of(permission).every_account:
        return wanted
    return set(visible_account_numbers(by, permission).filter(account_number__in=wanted))


def place_of(account_number: str) -> Place:
    """Return where an account belongs, to ask a scope with. An account that nobody placed belongs nowhere."""
    row = AccountPlace.objects.filter(account_number=account_number).first() if account_number else None
    if row is None:
        return Place(account_number)
    return Place(row.account_number, row.team_id, row.region)


def places_of(account_numbers: Iterable[str]) -> dict[str, Place]:
    """Return where each of these accounts belongs; those that nobody placed are left out."""
    rows = AccountPlace.objects.filter(account_number__in=set(account_numbers))
    return {row.account_number: Place(row.account_number, row.team_id, row.region) for row in rows}


def _covered(scope: Scope) -> QuerySet[AccountPlace]:
    if scope.every_account:
        return AccountPlace.objects.all()
    condition = Q(pk__in=[])
    for grant in scope.grants:
        if grant != Grant():
            condition |= _matches(grant)
    return AccountPlace.objects.filter(condition)


def _matches(grant: Grant) -> Q:
    condition = Q()
    if grant.team_id is not None:
        condition &= Q(team_id=grant.team_id)
    if grant.region:
        condition &= Q(region=grant.region)
    if grant.account_number:
        condition &= Q(account_number=grant.account_number)
    return condition
