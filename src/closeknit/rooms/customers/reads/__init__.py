"""Every question about customers, one file per subject."""

from closeknit.rooms.customers.reads.accounts import (
    count_accounts,
    find_jurisdictions,
    find_tier,
    get_account,
    list_account_keys,
    list_accounts,
    team_of,
    weekly_units,
)
from closeknit.rooms.customers.reads.insights import (
    count_insights,
    get_author_record,
    get_insight,
    list_author_records,
    list_insights,
    list_insights_in_force,
    list_insights_to_settle,
)

__all__ = [
    "count_accounts",
    "count_insights",
    "find_jurisdictions",
    "find_tier",
    "get_account",
    "get_author_record",
    "get_insight",
    "list_account_keys",
    "list_accounts",
    "list_author_records",
    "list_insights",
    "list_insights_in_force",
    "list_insights_to_settle",
    "team_of",
    "weekly_units",
]
