"""Every question about customers, one file per subject."""

from closeknit.rooms.customers.reads.accounts import (
    count_accounts,
    find_tier,
    get_account,
    list_account_keys,
    list_accounts,
    team_of,
    weekly_units,
)

__all__ = [
    "count_accounts",
    "find_tier",
    "get_account",
    "list_account_keys",
    "list_accounts",
    "team_of",
    "weekly_units",
]
